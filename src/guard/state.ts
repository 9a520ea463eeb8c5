import type { Code } from '../wire/codes.ts';
import type { Reserve } from './budget.ts';
import type { OrderRule } from './order.ts';
import type { ServedClaim } from './served.ts';
import type { Hold, UseResult, UseRules } from './use.ts';

/**
 * Shared, short-lived, hot state. Memory implements it here, Redis later; test/contract/state.ts holds every
 * store to the same rules. A method may answer synchronously; only then nothing is awaited.
 *
 * Times are milliseconds of the wall clock that the guard injects, read right before the call. A time more than a
 * minute earlier than one before means that the clock was set back.
 */
export interface State {
  readonly kind: string;
  /**
   * A name that all give it who share it, and nobody else: tickets are good with each of them. None where it is this
   * guard's alone. A restart that loses what it holds may keep the name: windows come from `enter` only.
   */
  readonly scope?: string;
  /** Checks and applies all claims of one request, or none. '' when applied, else why not. */
  commit(claims: Claims): CommitCode | Promise<CommitCode>;
  /** Opens a window, and a session where none is given: the only way either comes to be (PROTOCOL 4.3). */
  enter(entry: EntryClaim): EntryGrant | Promise<EntryGrant>;
  /**
   * What the backend answered is known, and nobody has seen it yet: a call that came to nothing gives back what it may be
   * made only so often. The first word counts.
   */
  settle(hold: Hold, succeeded: boolean): void | Promise<void>;
  /**
   * The request has ended, whatever became of it: what was open is free again. Unsettled, a call counts as made: the backend
   * may have done what it was asked for. Once or more often, before settling or after.
   */
  release(hold: Hold): void | Promise<void>;
  /** A call of this step has succeeded. */
  done(step: StepDone): void | Promise<void>;
  /** An answer gives these ids: remembered before anybody can read them there. */
  serve(given: IdsServed): void | Promise<void>;
  /** Records that one burnt proof may be sent once more, to another target (PROTOCOL 3.11). */
  grantRedirect(grant: RedirectGrant): void | Promise<void>;
  /** Ends a session: its windows and its cookie are worthless at once, and stay so until then (wall clock). */
  revoke(session: SessionRef, until: number, reason: EndReason): void | Promise<void>;
  /**
   * Why a session was ended; '' where it was not, or not that this state remembers. Needs no place. Asked on refusals,
   * and about once a second of what is open.
   */
  endedBy(session: SessionRef, now: number): EndReason | '' | Promise<EndReason | ''>;
  /**
   * Whether this session is not here and may have been ended: so many were that not all are remembered. Then nobody comes back by
   * it. Absent where state remembers all.
   */
  mayHaveEnded?(session: SessionRef, now: number): boolean;
  /** For `status`, metrics and the tests of bounds. */
  usage(): StateUsage | Promise<StateUsage>;
  close(): void | Promise<void>;
}

/** `login`: somebody logged in or out, and another session took its place. */
export type EndReason = 'ended' | 'login';

export type CommitCode =
  | ''
  | Extract<
      Code,
      'stale' | 'replayed' | 'stale-nonce' | 'entry-required' | 'banned' | 'limit' | 'order' | 'not-served'
    >;

/** What one request wants changed if it is admitted. One record of fixed shape; 0 and '' mean: no such claim. */
export interface Claims {
  now: number;
  /** Use this counter of this entry's window. A window ends with its session, so neither is claimed for the other. */
  nonce: number;
  /** Where the window lies, as `enter` said; the ticket carries it. */
  windowPlace: number;
  /** First 8 bytes of the ticket id, as two unsigned 32-bit numbers: the window must be this entry's. */
  windowIdHigh: number;
  windowIdLow: number;
  /** Session that must live: 8 bytes of its id, and its place. 0, 0 where no session is claimed. */
  sessionPlace: number;
  sessionIdHigh: number;
  sessionIdLow: number;
  /** The session's last entry must not be older than this many milliseconds; 0: not asked. */
  entryWithin: number;
  /** A page of the session must have entered as this client: one bit (guard/client-bits.ts). 0: not asked. */
  sessionClient: number;
  /** Instead of a fresh counter: a recorded redirect grant for this very request (guard/redirect.ts). '' for none. */
  redirectTarget: string;
  /** Signature of the re-sent proof, compared with the grant's. */
  redirectSignature: string;
  /** A URL proof whose counter was used may be used again for ranges (PROTOCOL 3.10). */
  repeatable: boolean;
  /** Public id of an API key that was verified: what follows is claimed in its name. '' for none. */
  key: string;
  /** Use this nonce of this key; '' for none. Where a key has used more than can be remembered: `limit`. */
  keyNonce: string;
  /** Milliseconds for which the nonce has to be remembered. */
  keyNonceLife: number;
  /** When what carries the nonce was signed: a state that began to remember later refuses it. Milliseconds since 1970; 0: unknown. */
  keyNonceSigned: number;
  /** Count one request in the key's quota: so many in each span of `quotaPer` ms since 1970. 0: no quota. */
  quotaCount: number;
  quotaPer: number;
  /** The rules of use that the request falls under; {@link NO_USE} for none. */
  use: UseRules;
  /** In what order; {@link NO_ORDER} for any. */
  orders: readonly OrderRule[];
  /** Ids that the session must have been given; {@link NO_IDS} for none. */
  served: readonly ServedClaim[];
  /** What it may cost at most, reserved once all else has been committed; {@link NO_RESERVES} for nothing. */
  reserves: readonly Reserve[];
  /** Whether it comes from a session younger than an hour, or from none, and nobody is logged in. */
  newcomer: boolean;
  /** What they count by, besides the session above; '' for what the request has not. Never what was not verified. */
  prefix: string;
  subject: string;
  account: string;
  /** Whether it may be held back where a limit says so; false where too many are. */
  mayWait: boolean;
  /** What state says of them. Written by the commit alone. */
  used: UseResult;
}

export interface StepDone {
  readonly now: number;
  /** Who did it: a session, or else a partner's account. */
  readonly session: SessionRef | null;
  readonly account: string;
  readonly step: number;
}

export interface IdsServed {
  /** To whom: a session, or else a partner's account. */
  readonly session: SessionRef | null;
  readonly account: string;
  /** Number of the source. */
  readonly source: number;
  readonly ids: readonly string[];
}

export interface SessionRef {
  readonly place: number;
  readonly idHigh: number;
  readonly idLow: number;
}

/** State knows a session by the first half of its id. For questions alone: where it lies only its cookie and tickets say. */
export function sessionRef(id: string): SessionRef {
  const bytes = Buffer.from(id, 'base64url');
  return { place: 0, idHigh: bytes.readUInt32BE(0), idLow: bytes.readUInt32BE(4) };
}

export interface EntryClaim {
  readonly now: number;
  /** Ticket id, first 8 bytes. */
  readonly windowIdHigh: number;
  readonly windowIdLow: number;
  /** Milliseconds until the window may be forgotten. */
  readonly windowLife: number;
  /** The client that the page enters as, to be noted with the session: one bit. */
  readonly client: number;
  /** The session of a valid cookie, or null for a new one. A known id that state has forgotten is made again. */
  readonly session: SessionRef | null;
  /**
   * The session that this entry ends, and why: `login` where its browser logged in or out, `ended` where the same person
   * goes on under a new id. The new one takes its place, and is no mint where the old one lived. Only together with
   * `session: null`.
   */
  readonly replaces: { readonly session: SessionRef; readonly until: number; readonly reason: EndReason } | null;
  /** Id a new session gets: 8 bytes. */
  readonly newIdHigh: number;
  readonly newIdLow: number;
  /** Network prefix that pays for a mint. */
  readonly prefix: string;
  /**
   * New sessions: a bucket that holds a minute's worth and refills in a minute. Entries of known sessions are no
   * mints, nor is a forgotten session that is made again from its cookie.
   */
  readonly mintsPerMinute: number;
  readonly mintsPerMinuteTotal: number;
  /**
   * Whoever asks has waited: where the allowance is used up, the session comes to be all the same, and under every limit
   * counts, besides for itself, together with all others of its network that came so (it is crowded; guard/crowd.ts). Default
   * false.
   */
  readonly crowd?: boolean;
  /**
   * Sessions that the crowd of this network is worth; the same for all of them, so that there is one crowd. Default
   * `mintsPerMinute`.
   */
  readonly crowdWorth?: number;
  /**
   * Entries into a session that lives: a bucket that holds two minutes' worth, counted in tenths of a second; more than
   * 600 a minute are no limit. What state has forgotten begins with a full one.
   */
  readonly entriesPerMinute: number;
}

export type EntryGrant =
  | {
      readonly ok: true;
      readonly windowPlace: number;
      readonly session: SessionRef;
      readonly fresh: boolean;
      readonly crowded?: boolean;
    }
  | {
      readonly ok: false;
      readonly code: 'limit' | 'banned';
      readonly retryAfter: number;
      /** Whether who waits gets in by {@link EntryClaim.crowd}. */
      readonly waits?: boolean;
    };

export interface RedirectGrant {
  readonly ticketId: string;
  /** Where the ticket's window lies. */
  readonly windowPlace: number;
  readonly nonce: number;
  readonly signature: string;
  /** As {@link Claims.redirectTarget} will say it. */
  readonly redirectTarget: string;
  readonly until: number;
}

export interface StateUsage {
  readonly entries: number;
  readonly sessions: number;
  readonly bytes: number;
  readonly capacity: number;
}
