import type { RouteRule } from './policy.ts';
import type { Interaction } from '../wire/interaction.ts';
import type { RequestView } from './view.ts';

/**
 * What the model of how the app is used stands between: the engine tells it of calls, the behaviour layer asks what it makes of
 * them. src/behaviour has the model; nothing here knows how it judges.
 */

/** The half of a session's id by which nothing is opened: two numbers of 32 bits, so that no call costs a string. */
export interface SessionId {
  readonly sessionIdHigh: number;
  readonly sessionIdLow: number;
}

/** A signed call, as it was judged. */
export interface Heard {
  readonly session: SessionId;
  readonly request: RequestView;
  readonly route: RouteRule;
  /** Network prefix, as budgets count by. */
  readonly prefix: string;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
}

/** Hears what sessions do. Every call of it is a few writes into one record, and no more. */
export interface BehaviourWatch {
  /** A call that was signed by the page's own key, and admitted. */
  called(heard: Heard): void;
  /** The same, refused or about to be in enforce mode: by another layer than the one that goes by this model. */
  refused(heard: Heard): void;
  /** The backend's answer to a call that was admitted. */
  answered(session: SessionId, status: number): void;
  /** What a page of the session told of how it is used by hand: a claim, which a program makes as it likes. */
  handled(session: SessionId, told: Interaction): void;
  /** A page has opened the second door. `load` names the page load; another one than before starts the session afresh. */
  entered(session: SessionId, load: string, now: number): void;
}

/** What is known of one session. */
export interface Risk {
  /** It looks as one in so many sessions of this app does: 1 for any, 1000 for one in a thousand. */
  readonly odds: number;
  /** Milliseconds since 1970 at which it was refused for that first; 0 where it was not. */
  readonly refusedSince: number;
}

/** What a policy acts on. */
export interface BehaviourRisk {
  /** Null for a session of which nothing is known, or before enough was learned. */
  riskOf(session: SessionId): Risk | null;
  /** Two or three reasons in plain words; '' where there are none. For the record: no addresses, no ids. */
  reasonsOf(session: SessionId): string;
  /** More sessions look unusual than a few can be: a release, a campaign. Nobody is refused for that alone. */
  readonly isWave: boolean;
  /** The layer acted on the session: it does not teach, and figures count it. */
  acted(session: SessionId, action: BehaviourAction, now: number): void;
  /** What it was refused for lies behind it: it starts afresh. */
  forget(session: SessionId): void;
}

/** From the mildest. */
export const BEHAVIOUR_ACTIONS = ['note', 'limit', 'challenge', 'login', 'refuse'] as const;
export type BehaviourAction = (typeof BEHAVIOUR_ACTIONS)[number];

/** How far it has come, for `status`. */
export interface BehaviourFigures {
  /** Sessions that have taught, and how many it takes. */
  readonly learned: number;
  readonly needed: number;
  /** Sessions that did not teach because others of their network had. */
  readonly crowded: number;
  /** Sessions that are watched now. */
  readonly watched: number;
  /** Sessions that were acted on since the start, by what was done. */
  readonly acted: Readonly<Record<BehaviourAction, number>>;
  /** Sessions judged since the start. */
  readonly judged: number;
  readonly wave: boolean;
}
