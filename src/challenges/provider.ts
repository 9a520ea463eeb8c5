import type { SessionRef } from '../guard/state.ts';
import type { ChallengeKind, ChallengeParameters } from '../wire/challenge.ts';

/**
 * One kind of challenge: what the page is to do, and whether it was done. The rest is not its business: the core seals each
 * challenge and binds it to session, route and one counter of the page's proof, so that it is good once and nowhere else,
 * and calls {@link ChallengeProvider.verify} after the commit alone. What is replayed, expired or another's never comes here.
 */
export interface ChallengeProvider {
  /** As the configuration names it. The page loads the part of its family (src/browser/chunks). */
  readonly kind: ChallengeKind;
  /**
   * What the page needs to know, as `challenge.parameters` of the refusal will say it: site key, script, difficulty. Made
   * from the same facts again when the solution comes back, so nothing is kept.
   */
  ask(asked: Asked): ChallengeParameters;
  /**
   * Whether the solution is one. It has 1 to {@link import('../wire/challenge.ts').MOST_SOLUTION} characters of visible
   * ASCII. Rejects or throws for its own faults alone; the guard then refuses.
   */
  verify(solution: string, asked: Asked, shown: Shown): Verified | Promise<Verified>;
}

/** What was sealed with the challenge: nobody but the server can have chosen it. */
export interface Asked {
  /** 22 characters base64url, random: names this challenge, and with it the session, route and call that it is bound to. */
  readonly id: string;
  /** What it is asked for: the route's `match`, `POST /api/orders`; `enter` for the second door. */
  readonly action: string;
  /** Proof of work: 0 to 3, each asking for twice as much as the one before. Scores: the threshold times 100. */
  readonly strength: number;
  /** When it was given: milliseconds since 1970. */
  readonly issued: number;
}

/** What the request that brings the solution says of itself; layers have checked it. */
export interface Shown {
  /** Host of the page, without port, lower case: one that is listed for this gate. */
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Null at the second door. */
  readonly session: SessionRef | null;
  /** The network prefix that it comes from. */
  readonly prefix: string;
}

export type Verified =
  /** `note` is for the record: a score, say. */
  | { readonly outcome: 'passed'; readonly note?: string }
  /** Another challenge is asked; the page then goes its other way. `reason` is for the record: no secrets, nothing personal. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Nobody can say: the provider is away or too slow. `whenUnsure` decides. */
  | { readonly outcome: 'unreachable'; readonly reason: string };
