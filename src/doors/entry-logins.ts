import type { Eventually } from '../lib/eventually.ts';
import type { OpenSession } from './session-cookie.ts';

/** What the second door asks of logins; src/identity/desk.ts answers. */
export interface EntryLogins {
  /** The grant that this Cookie field carries for the browser of this session; null without a good one. */
  granted(cookieField: string, session: OpenSession | null, now: number): LoginGrant | null;
  /** How the login of a session is. Rejects where that cannot be known. */
  standing(session: string): Eventually<LoginStanding>;
  /**
   * The login of a session goes on under this one. False where it has ended or moved meanwhile. Rejects where it cannot
   * be kept.
   */
  move(session: string, to: TakenGrant): boolean | Promise<boolean>;
  /**
   * Uses the grant up: its login is the new session's. False where another entry was first. Rejects where the login
   * cannot be kept.
   */
  take(grant: LoginGrant, taken: TakenGrant): boolean | Promise<boolean>;
  /** `Set-Cookie` that removes a grant. */
  readonly clear: string;
}

/**
 * `due`: what the person may do has changed, so the next entry gets a new session. Another session: there the login goes
 * on, and this one has ended.
 */
export type LoginStanding = 'stands' | 'due' | 'ended' | TakenGrant;

/** One login that waits for the next entry of its browser. */
export interface LoginGrant {
  /** 16 bytes, base64url. */
  readonly id: string;
  /** What the new session's login is called; never 0. */
  readonly login: number;
  /** The entry that took it already: a second tab of the same browser joins its session. Null while nobody has. */
  readonly taken: TakenGrant | null;
}

/** A session that a login got. */
export interface TakenGrant {
  readonly id: string;
  readonly idHigh: number;
  readonly idLow: number;
  readonly place: number;
  /** Seconds since 1970. */
  readonly created: number;
  readonly key: string;
}
