import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { isBusy } from './errors.ts';

/** Milliseconds between two tries to get a lock that another process holds. */
const PAUSE_MS = 25;

/**
 * Kysely on node:sqlite. Statements run on this thread, so the database's own waiting for locks would hold the gate up:
 * this waits between tries instead.
 *
 * @param busyMs how long it tries
 */
export function createSqliteDialect(database: DatabaseSync, busyMs: number): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(database, busyMs),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function createDriver(database: DatabaseSync, busyMs: number): Driver {
  const prepare = createPreparer(database);
  const connection: DatabaseConnection = {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery) =>
      // A transaction has its lock: what is busy there is given up as a whole.
      database.isTransaction
        ? run<R>(prepare(sql), parameters)
        : patiently(() => run<R>(prepare(sql), parameters), busyMs),
    streamQuery() {
      throw new TypeError('queries are not streamed here');
    },
  };
  const raw = async (sql: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(sql));
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    // Takes the write lock at once: a transaction that read first could not get it any more once others have written.
    beginTransaction: () => raw('begin immediate'),
    commitTransaction: () => raw('commit'),
    // A full disk may have ended it already.
    rollbackTransaction: async () => (database.isTransaction ? raw('rollback') : undefined),
    destroy: async () => database.close(),
  };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly answersRows: boolean;
}

/** The parts here ask for some fifty; what others ask for may be made up each time. */
const MAX_STATEMENTS = 200;

/** Statements by their text: preparing one costs more than running it. SQLite prepares anew where tables change. */
function createPreparer(database: DatabaseSync): (sql: string) => Prepared {
  const known = new Map<string, Prepared>();
  return (sql) => {
    const found = known.get(sql);
    if (found !== undefined) return found;
    if (known.size >= MAX_STATEMENTS) known.clear();
    const statement = database.prepare(sql);
    const prepared = { statement, answersRows: statement.columns().length > 0 };
    known.set(sql, prepared);
    return prepared;
  };
}

async function patiently<T>(attempt: () => T, busyMs: number): Promise<T> {
  const end = performance.now() + busyMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function run<R>({ statement, answersRows }: Prepared, parameters: readonly unknown[]): QueryResult<R> {
  const values = parameters.map(toInput);
  if (!answersRows) {
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }
  // Rows come without a prototype, which people's own code does not expect. Their shape is what the query builder's
  // types say; the database itself knows none.
  const rows = statement.all(...values).map((row) => ({ ...row })) as R[];
  return { rows, numAffectedRows: BigInt(rows.length) };
}

/** What SQLite has no type for is written as other drivers write it. */
function toInput(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite has no type for a value of type ${typeof value}`);
}
