/** What a provider's answer to one token comes to. Reasons are for the record: they hold no token, key or secret. */
export type Verification = Passed | Refused | Misconfigured | Unreachable;

export interface Passed {
  readonly kind: 'passed';
  /** What the provider said beyond yes, as in `score 0.9`; '' for nothing. */
  readonly note: string;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

/**
 * The provider refuses the gate itself: a wrong key, a quota that is used up. Refused all the same, and somebody is to be
 * told. Nothing that stands in a token leads here, so that nobody sets it off from outside.
 */
export interface Misconfigured {
  readonly kind: 'misconfigured';
  readonly reason: string;
}

/** No answer, or none that can be read: it says nothing about the visitor. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly reason: string;
}

/** What a token must have been made for. */
export interface Expected {
  /** As {@link import('./action.ts').actionOf} writes it. */
  readonly action: string;
  /** Host, without port and in lower case, on whose page the token must have been made. */
  readonly hostname: string;
  /** Names the one challenge that was given out: base64url, at most 255 characters. */
  readonly binding: string;
  /** When that challenge was given out: milliseconds since 1970 by the gate's clock. */
  readonly issued: number;
  /** Least score that passes, 0 to 1. Only where the provider gives one. */
  readonly threshold: number;
}

/** Longest token that is sent on. Turnstile's have at most 2,048 characters, others state no figure. */
const MAX_TOKEN = 4096;

/** Whether text can be a token at all: what cannot is not worth a call. */
export const isToken = (text: string): boolean => text.length <= MAX_TOKEN && /^[\w.~+/=-]{8,}$/.test(text);

export const refused = (reason: string): Refused => ({ kind: 'refused', reason });
export const misconfigured = (reason: string): Misconfigured => ({ kind: 'misconfigured', reason });
export const unreachable = (reason: string): Unreachable => ({ kind: 'unreachable', reason });
