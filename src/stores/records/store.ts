import type { Kysely, Transaction } from 'kysely';
import { type Change, RecordsError } from '../../guard/records.ts';
import { SallyportError } from '../../guard/errors.ts';
import type { Backend } from './backend.ts';
import type { ChangeTable, Tables } from './schema.ts';

/** What a transaction tells others, once it is committed. */
export type Changed = (kind: Exclude<Change['kind'], 'all'>, action: Change['action'], ref: string) => void;

/** How the parts reach the database: every error is a RecordsError, every write all or nothing. */
export interface Store {
  readonly backend: Backend;
  /** Milliseconds since 1970. */
  now(): number;
  read<T>(query: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  write<T>(work: (trx: Transaction<Tables>, changed: Changed) => Promise<T>): Promise<T>;
  /** The same for what strangers make us write, and what may be lost with the machine's power ({@link Backend.hurried}). */
  writeHurried<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** Ends the store: calls reject from now on. */
  close(): void;
}

/** @param told called after each commit that changed something caches know */
export function createStore(backend: Backend, now: () => number, told: () => void): Store {
  let closed = false;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new RecordsError('closed', 'records are closed');
    try {
      return await work();
    } catch (error) {
      if (error instanceof TypeError || error instanceof RecordsError || error instanceof SallyportError) throw error;
      if (closed) throw new RecordsError('closed', 'records are closed');
      throw backend.toError(error);
    }
  };

  return {
    backend,
    now,
    read: (query) => guarded(() => inTurn(backend, () => query(backend.reader))),
    writeHurried: (work) =>
      guarded(() =>
        inTurn(backend, (begin) =>
          backend.hurried((db) =>
            db.transaction().execute((trx) => {
              begin();
              return work(trx);
            }),
          ),
        ),
      ),
    async write(work) {
      const changes: NewChange[] = [];
      const done = await guarded(() =>
        inTurn(backend, (begin) =>
          backend.writer.transaction().execute(async (trx) => {
            begin();
            const result = await work(trx, (kind, action, ref) => changes.push({ kind, action, ref, at: now() }));
            await keep(trx, backend, changes);
            return result;
          }),
        ),
      );
      if (changes.length > 0) told();
      return done;
    },
    close() {
      closed = true;
    },
  };
}

/**
 * Ends the wait of a call whose turn does not come: many may stand behind one that waits for a lock, and one that is made
 * inside a transaction of `records.sql` would wait for itself. What was given up does nothing when its turn comes after all.
 */
function inTurn<T>(backend: Backend, work: (begin: () => void) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const busy = (): RecordsError => new RecordsError('busy', 'records are held by another call');
    let gaveUp = false;
    const timer = setTimeout(() => {
      gaveUp = true;
      reject(busy());
    }, backend.patienceMs);
    const begin = (): void => {
      if (gaveUp) throw busy();
      clearTimeout(timer);
    };
    work(begin)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}

type NewChange = Omit<ChangeTable, 'id'>;

/** Rows in one statement: SQLite takes 32,766 values at once, PostgreSQL 65,535. */
const AT_ONCE = 500;

async function keep(trx: Transaction<Tables>, backend: Backend, changes: readonly NewChange[]): Promise<void> {
  if (changes.length === 0) return;
  // Ids have to become visible in their order: who has read up to one never looks below it again.
  await backend.lock(trx, 'changes');
  for (let from = 0; from < changes.length; from += AT_ONCE) {
    await trx
      .insertInto('sallyport_changes')
      .values(changes.slice(from, from + AT_ONCE))
      .execute();
  }
  await backend.announce(trx);
}
