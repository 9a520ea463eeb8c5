import type { ChallengeMember } from '../wire/challenge.ts';
import type { Code } from '../wire/codes.ts';
import type { Whereabouts } from './drift.ts';
import type { FormWatch } from './form/question.ts';
import type { Grounds } from './layer.ts';
import type { Reservation } from './budget.ts';
import type { RouteRule } from './policy.ts';
import type { SessionRef } from './state.ts';
import type { KeyFacts, Subject } from './subject.ts';
import type { Hold } from './use.ts';

/** A layer's answer. `PASS` and refusals are constants, compared by identity; see {@link refusal}. */
export type Verdict = Pass | Refusal;

export interface Pass {
  readonly kind: 'pass';
}

export interface Refusal {
  readonly kind: 'refuse' | 'challenge';
  readonly code: Code;
  /** For the record only: what would have made the request pass. Static; what varies goes to `Context.evidence`. */
  readonly wouldPass: string;
}

export const PASS: Pass = Object.freeze({ kind: 'pass' });

/** Makes one refusal constant; called while a module loads, never per request. */
export function refusal(code: Code, wouldPass: string): Refusal {
  return Object.freeze({ kind: 'refuse', code, wouldPass });
}

export type Outcome = 'admit' | 'refuse' | 'challenge' | 'error';

/** How a request is made (DESIGN §2). */
export type Carrier = 'call' | 'stream' | 'socket' | 'media' | 'form' | 'navigation' | 'beacon';

/** What a request that passed has shown, in rising order. */
export type Level = 'open' | 'site' | 'session' | 'proof';
export const LEVELS: readonly Level[] = ['open', 'site', 'session', 'proof'];

/** One layer's part in a decision that refused, or would have. */
export interface TrailStep {
  readonly layer: string;
  readonly code: Code;
  readonly enforced: boolean;
  readonly evidence: string;
  readonly wouldPass: string;
}

/** The guard's answer to one request. */
export interface Decision {
  readonly outcome: Outcome;
  /** Random, 16 characters base64url: in the client's answer, the log line and the record. */
  readonly id: string;
  /** Why not admitted; '' when admitted. */
  readonly code: Code | '';
  /** The layer that refused, or 'state' for the commit, or 'guard' for a fault; '' when admitted. */
  readonly layer: string;
  readonly route: RouteRule;
  /** Whether what the route asks for is enforced for this request, by mode and roll-out. Absent: by the mode alone. */
  readonly enforced?: boolean;
  readonly carrier: Carrier;
  /** The level the request has shown, whatever the route asked for. */
  readonly level: Level;
  /** Name of the client whose ticket the request carried; '' without one. */
  readonly client: string;
  /** The session's public label: the half of its random id by which nothing is looked up. 11 characters; '' without one. */
  readonly session: string;
  /** The authenticated user; null without one. */
  readonly subject: Subject | null;
  /** Value for the backend's Authorization field in place of the client's; '' to leave that as it is. */
  readonly relay: string;
  /** The API key that the request showed instead of a page's proof; null without one. */
  readonly key: KeyFacts | null;
  /** The network prefix that budgets count by (IPv4 address, IPv6 /56). */
  readonly prefix: string;
  /** The client's address after trusted proxies were asked: for X-Forwarded-For. Never stored. */
  readonly address: string;
  /** Whether the client reached us, or the first trusted hop, by TLS. */
  readonly secure: boolean;
  /** Authority by which the client reached us. */
  readonly authority: string;
  /** Refusals of enforced and reported layers, in order. Shared empty array on the hot path. */
  readonly trail: readonly TrailStep[];
  /** For the record alone: what was out of the ordinary though it passed; '' or absent for nothing. */
  readonly note?: string;
  /** Answered by the guard itself (a preflight): send it, forward nothing. */
  readonly answer: Answer | null;
  /** Fields to put on the backend's answer, replacing its own of the same name: flat name, value list. */
  readonly responseFields: readonly string[];
  /** Digest still to be checked while the body streams to the backend; null when none is or it was checked. */
  readonly streamDigest: StreamDigest | null;
  /** Bytes of the body when the guard had to read it; the adapter forwards these. Null: not read. */
  readonly body: Uint8Array | null;
  /** Whether {@link body} is not the client's own any more: its length and digest are not either. */
  readonly rewritten?: boolean;
  /** Whether the client left before its body was complete: nobody hears of such a decision. */
  readonly incomplete?: boolean;
  /** Looks through the body on its way to the backend, piece by piece; null or absent where nothing is looked for. */
  readonly form?: FormWatch | null;
  /** Seconds for Retry-After; 0 for none. */
  readonly retryAfter: number;
  /** The proof that was burnt, for redirect grants (docs/protocol.md §3.11); null without one. */
  readonly proof: BurntProof | null;
  /** What it stood on, for the guard alone; absent where nobody can ask again. */
  readonly grounds?: Grounds;
  /** Set where a request that was admitted was ended while it was open: milliseconds that it had been. */
  readonly openFor?: number;
  /** The session that did a step, or is given ids, where others ask for either; null or absent for none. */
  readonly sessionRef?: SessionRef | null;
  /** For the refusal `order`: the step that is missing, as the configuration names it; '' or absent for none. */
  readonly missing?: string;
  /** For the refusal `schema`: what does not fit, `/tags/0` of the body or `?page` of the query; '' or absent for none. */
  readonly field?: string;
  /** For the refusal `challenge`: what is to be done. Null or absent where the call is to be made anew to hear that. */
  readonly challenge?: ChallengeMember | null;
  /** What is to be given back when the answer has ended: {@link import('./guard.ts').Guard.finish}. Absent or empty for nothing. */
  readonly holds?: readonly Hold[];
  /** What was reserved for it; null or absent for nothing. */
  readonly reserved?: Reservation | null;
}

/** True where an enforced or a reported layer refused: such a request carries no assertion (PROTOCOL 6.1). */
export function wouldRefuse(decision: Decision): boolean {
  return decision.trail.length > 0;
}

export interface StreamDigest {
  readonly kind: 'whole' | 'slices';
  /** Expected SHA-256: of the body, or of the slices' digests one after another. 32 bytes. */
  readonly sha256: Uint8Array;
}

export interface BurntProof {
  readonly ticket: TicketFacts;
  readonly nonce: number;
  /** Value of the Signature member, base64. */
  readonly signature: string;
  /** Value of the field that the body's digest came in; '' without a body. */
  readonly digest: string;
  /** What the proof covers, by name. */
  readonly components: readonly string[];
  /** A URL proof, which media elements may use again for ranges. */
  readonly repeatable: boolean;
}

/** What may be known of a ticket that was opened and whose signature held. */
export interface TicketFacts {
  /** Ticket id, base64url. */
  readonly id: string;
  readonly session: string;
  readonly client: string;
  /** Names the session's login; 0 where nobody was logged in when the page entered. */
  readonly loginEpoch: number;
  /** When the session began: seconds since 1970. */
  readonly sessionCreated: number;
  /** From where and by what browser the page entered. */
  readonly from: Whereabouts;
  readonly windowPlace: number;
  readonly windowIdHigh: number;
  readonly windowIdLow: number;
  readonly sessionPlace: number;
  readonly sessionIdHigh: number;
  readonly sessionIdLow: number;
}

/** A complete answer; adapters write it out as it is. */
export interface Answer {
  readonly status: number;
  /** Flat list: name, value, name, value … */
  readonly fields: readonly string[];
  readonly body: string | Uint8Array;
  /** For the record alone, where an endpoint refused with an answer of its own: `why` prints it. No secrets. */
  readonly refused?: { readonly code: Code; readonly evidence: string };
}
