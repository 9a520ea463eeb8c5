/** A further step that a call is asked for (docs/challenges.md), as both sides of the wire write it. */

/** Header field that brings a solution: the token, a space, the solution. An entry brings the same text in its body. */
export const HEADER_CHALLENGE = 'sallyport-challenge';

/** `wait` stands in for work where the browser says that it has to save. */
export const CHALLENGE_KINDS = [
  'proof-of-work',
  'wait',
  'turnstile',
  'hcaptcha',
  'recaptcha',
  'recaptcha-enterprise',
] as const;
export type ChallengeKind = (typeof CHALLENGE_KINDS)[number];

/** What a kind tells the page: public, small, no secret. */
export type ChallengeParameters = Readonly<Record<string, string | number | boolean>>;

/** The member `challenge` of a problem document with the code `challenge`. */
export interface ChallengeMember {
  readonly kind: ChallengeKind;
  /** 22 characters, random: names this challenge. */
  readonly id: string;
  /** The route's `match`, `POST /api/orders`; `enter` for the second door. */
  readonly action: string;
  /** What comes back before the solution, as it is: sealed, read by nobody but the server. */
  readonly token: string;
  /** Counter that the call which brings the solution has to be signed with, and that no other has used; 0 for an entry. */
  readonly counter: number;
  /** Whether one solution is enough for the session for a while: it then goes to `{mount}/challenge`, once for all calls. */
  readonly shared: boolean;
  readonly parameters: ChallengeParameters;
  /** Another way to the same end, for whoever cannot go this one; null for none. */
  readonly alternative: ChallengeMember | null;
}

/** Characters of a solution, at most: tokens of providers have some two thousand. */
export const MOST_SOLUTION = 6144;
