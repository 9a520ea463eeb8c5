import type { Kysely } from 'kysely';
import type { AuditRecords } from './records-audit.ts';
import type { Ledger } from './ledger.ts';
import type { Signals } from './signals.ts';
import type { KeyRecords } from './records-keys.ts';

/**
 * What outlives a process: logins, keys, bans, blocked users, counters of failed logins, the audit log. Off the hot
 * path: layers keep caches and hear of changes by {@link Records.onChange}. Times are milliseconds since 1970; 0 stands
 * for never. Every call may reject with {@link RecordsError}. A write happens as a whole or not at all; one that rejects did not happen, unless
 * the connection broke (`unreachable`) between the server's commit and its word of it.
 */
export interface Records {
  /** Where they are: `memory` is gone with the process. */
  readonly kind: 'memory' | 'sqlite' | 'postgres';
  readonly logins: LoginRecords;
  readonly keys: KeyRecords;
  readonly bans: BanRecords;
  readonly users: UserRecords;
  readonly attempts: AttemptRecords;
  readonly objects: ObjectRecords;
  /** What was spent of budgets. */
  readonly ledger: Ledger;
  readonly audit: AuditRecords;
  /** What gates tell each other: switches. */
  readonly signals: Signals;
  /** The same database for parts that bring tables and migrations of their own (accounts). */
  readonly sql: RecordsSql;
  /**
   * Calls the listener for each change of logins, keys, bans and users, by whichever process it was made: within a second on
   * one machine, within five across machines. Changes of this process are told at once. Returns how to stop.
   */
  onChange(listener: (change: Change) => void): () => void;
  /**
   * Milliseconds since all changes of other processes were last known, 0 while nobody listens: where it is above
   * 5000, caches may be out of date.
   */
  lag(): number;
  /** Removes what has expired and bounds what strangers can make grow. To be called every few minutes. */
  purge(): Promise<void>;
  /** Further calls reject with code `closed`. */
  close(): Promise<void>;
}

/**
 * `busy`: locked by someone else for longer than two seconds; try again. `full`: no room on the disk. `unreachable`: the
 * database does not answer, or not as a database. `closed`: {@link Records.close} was called. `fault`: it answered that
 * the query is wrong, which is a defect here.
 */
export type RecordsErrorCode = 'busy' | 'full' | 'unreachable' | 'closed' | 'fault';

/** A call that records could not serve. Its message holds no value of any row, and no password. */
export class RecordsError extends Error {
  readonly code: RecordsErrorCode;
  constructor(code: RecordsErrorCode, message: string) {
    super(message);
    this.name = 'RecordsError';
    this.code = code;
  }
}

/** Something that caches have to hear of. */
export interface Change {
  /** `all`: more changed than can be listed; forget whatever is cached. */
  readonly kind: 'login' | 'key' | 'account' | 'ban' | 'user' | 'signal' | 'all';
  readonly action: 'added' | 'changed' | 'removed';
  /** Session hash, key id, account id, ban id, or `source:subject`, a signal's name; '' for `all`. */
  readonly ref: string;
}

export interface RecordsSql {
  readonly type: 'sqlite' | 'postgres';
  /**
   * Own tables only, with names that do not begin with `sallyport_`. Errors come as the driver's own. A call of
   * {@link Records} made inside a transaction of this waits for it: await none there.
   */
  readonly db: Kysely<unknown>;
  /**
   * Runs `work` in one transaction, one process at a time: what looks for tables and makes those that it misses. Errors
   * come as the driver's own.
   */
  alone<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T>;
}

/** A login of one session. */
export interface LoginRow {
  /** SHA-256 of the session id, base64url: {@link Records} never see the id itself. */
  readonly sessionHash: string;
  readonly source: string;
  readonly subject: string;
  /** The provider's own session; '' without one. */
  readonly sid: string;
  /** Sealed by the caller. */
  readonly content: Uint8Array;
  readonly created: number;
  readonly expires: number;
}

/** Logins of one source: all of a subject, or those of one session at the provider. */
export interface LoginFilter {
  readonly source: string;
  readonly subject?: string;
  readonly sid?: string;
}

export interface LoginRecords {
  /** Keeps a login, in place of an older one of the same session. Throws TypeError where `sessionHash` is no SHA-256. */
  put(login: LoginRow): Promise<void>;
  /** Null where there is none, or it has expired. */
  get(sessionHash: string): Promise<LoginRow | null>;
  /** False where the login has gone meanwhile: it is not made anew. */
  replace(sessionHash: string, content: Uint8Array, expires: number): Promise<boolean>;
  /** True for one process until `until`, so that one alone renews the tokens. */
  claim(sessionHash: string, until: number): Promise<boolean>;
  /**
   * A login goes on as `to`, under another session; in its place stays `left`, which belongs to nobody's list, until then.
   * For one caller alone: false where the login has gone or moved meanwhile, and nothing is changed.
   */
  move(sessionHash: string, to: LoginRow, left: Uint8Array, until: number): Promise<boolean>;
  /** Tells every process to read the logins of this person anew. Answers how many there are. */
  touch(source: string, subject: string): Promise<number>;
  remove(sessionHash: string): Promise<boolean>;
  /** Those that have not expired, youngest first. */
  list(filter?: LoginFilter, limit?: number): Promise<readonly LoginRow[]>;
  /** Removes all that fit and answers them. Without `subject` and `sid`: all of the source. */
  removeAll(filter: LoginFilter): Promise<readonly LoginRow[]>;
}

export type BanKind = 'session' | 'key' | 'subject' | 'prefix';

export interface Ban {
  readonly id: string;
  readonly kind: BanKind;
  /** Session: its public label, as decisions name it. Key: its public id. Subject: `source:id`. Prefix: IPv4 address or IPv6 /56. */
  readonly value: string;
  readonly reason: string;
  /** A person's name, or `rule:` and the rule's. */
  readonly by: string;
  readonly created: number;
  /** 0: until it is lifted. */
  readonly until: number;
  /** When; 0 while it holds. */
  readonly lifted: number;
  /** '' while it holds. */
  readonly liftedBy: string;
}

export interface BanRecords {
  add(ban: Pick<Ban, 'kind' | 'value' | 'reason' | 'by' | 'until'>): Promise<Ban>;
  /** Null where there is none of this id, or it does not hold any more. */
  lift(id: string, by: string): Promise<Ban | null>;
  /** Latest first; those that ended as well. */
  list(limit?: number): Promise<readonly Ban[]>;
  /** Those that hold now. */
  active(): Promise<readonly Ban[]>;
}

/** What was decided about a user, whichever source vouches for them. */
export interface UserState {
  readonly source: string;
  readonly subject: string;
  readonly blocked: boolean;
  readonly reason: string;
  readonly by: string;
  readonly changed: number;
  /** 0: until it is lifted. */
  readonly until: number;
}

export interface UserRecords {
  /** Null where nothing was decided. A block whose time is over comes back as `blocked: false`. */
  get(source: string, subject: string): Promise<UserState | null>;
  set(state: Omit<UserState, 'changed'>): Promise<UserState>;
  /** Blocked now. */
  blocked(limit?: number): Promise<readonly UserState[]>;
}

/** Whose call an object came of. */
export interface ObjectRecords {
  /** `source:id`; null where nobody is known. */
  ownerOf(kind: string, object: string): Promise<string | null>;
  /** With `keepsFirst` an owner that is known already stays. Of one owner the latest 10,000 objects are kept. */
  own(object: {
    readonly kind: string;
    readonly object: string;
    readonly owner: string;
    readonly keepsFirst: boolean;
  }): Promise<void>;
  /** Nobody's again: its id may be given to another object. */
  disown(kind: string, object: string): Promise<void>;
}

/** Failed logins under one key. */
export interface Attempt {
  readonly key: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly blockedUntil: number;
}

export interface AttemptRecords {
  /** Counts one more, atomically; begins anew where the first was more than `windowMs` ago. */
  add(key: string, windowMs: number): Promise<Attempt>;
  get(key: string): Promise<Attempt | null>;
  /** Blocks until then, counted or not; 0 lifts it. */
  block(key: string, until: number): Promise<void>;
  clear(key: string): Promise<void>;
}
