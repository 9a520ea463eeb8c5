import type { Kysely, Transaction } from 'kysely';
import type { RecordsError } from '../../guard/records.ts';
import type { Tables } from './schema.ts';

/** A database, opened: what differs between SQLite and PostgreSQL. */
export interface Backend {
  readonly type: 'sqlite' | 'postgres';
  readonly kind: 'memory' | 'sqlite' | 'postgres';
  /** Goes on where the writer waits for a lock. */
  readonly reader: Kysely<Tables>;
  readonly writer: Kysely<Tables>;
  /**
   * Runs one transaction of the writer's that waits for no disk where that would hold up this thread. When the machine
   * loses power its rows may be lost, whole; when only the process ends they are not.
   */
  hurried<T>(write: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Milliseconds after which a call that waits for its turn is `busy`. */
  readonly patienceMs: number;
  /** What a driver threw, without any value of a row. */
  toError(error: unknown): RecordsError;
  /** Whether a unique value is taken, or a row that another one names is not there. */
  isConflict(error: unknown): boolean;
  /** Holds until the transaction ends: one process at a time goes on from here. */
  lock(trx: Transaction<Tables>, name: LockName): Promise<void>;
  /** Tells other processes, once the transaction is committed, that there are changes. */
  announce(trx: Transaction<Tables>): Promise<void>;
  /** Calls `look` whenever others may have changed something. It must not throw. */
  watch(look: () => Promise<void>): Watch;
  close(): Promise<void>;
}

export type LockName = 'schema' | 'changes' | 'audit' | 'spending';

export interface Watch {
  close(): Promise<void>;
}
