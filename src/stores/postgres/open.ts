import { hash } from 'node:crypto';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type * as Pg from 'pg';
import { SallyportError } from '../../guard/errors.ts';
import type { Backend } from '../records/backend.ts';
import type { Tables } from '../records/schema.ts';
import { isConflict, toRecordsError } from './errors.ts';
import { CHANNEL, listen } from './listen.ts';

export interface PostgresOptions {
  /** With what PostgreSQL's own tools take: `sslmode=verify-full` asks for TLS and checks who answers. */
  readonly url: string;
  /** Milliseconds that a lock is waited for. Default 2000. */
  readonly busyMs?: number;
}

/** Logins and administration are few: a gate shares the server with the application. */
const CONNECTIONS = 4;

/** @throws {SallyportError} where the package `pg` is not installed */
export async function openPostgres({ url, busyMs = 2000 }: PostgresOptions): Promise<Backend> {
  const pg = await load();
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    // An idle pool must not keep a process alive that has nothing else to do.
    allowExitOnIdle: true,
    lock_timeout: busyMs,
    statement_timeout: 10_000,
    // Where the network swallows what is sent, the server's own limit never arrives.
    query_timeout: 12_000,
    keepAlive: true,
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'sallyport',
    types: { getTypeParser: typeParsers(pg) },
  });
  // A connection that breaks while nobody uses it: the next query gets another one.
  pool.on('error', () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    type: 'postgres',
    kind: 'postgres',
    reader: db,
    writer: db,
    // Another process waits for that disk.
    hurried: (write) => write(db),
    // Longer than a connection and a lock may take: their own errors say more.
    patienceMs: 15_000,
    toError: toRecordsError,
    isConflict,
    async lock(trx, name) {
      await sql`select pg_advisory_xact_lock(${lockId(name)}::bigint)`.execute(trx);
    },
    async announce(trx) {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(trx);
    },
    watch: (look) =>
      listen(
        () => new pg.Client({ connectionString: url, application_name: 'sallyport changes', keepAlive: true }),
        look,
      ),
    close: () =>
      db
        .connection()
        .execute(async () => {})
        .catch(() => {})
        .then(() => db.destroy()),
  };
}

async function load(): Promise<typeof Pg.default> {
  try {
    const { default: pg } = await import('pg');
    return pg;
  } catch (error) {
    const message = 'records in PostgreSQL need the package pg; install it beside sallyport: npm install pg';
    throw new SallyportError('records', message, { cause: error });
  }
}

const INT8 = 20;

/** Counts and times fit a number; by default they come as text. */
function typeParsers(pg: typeof Pg.default): typeof Pg.types.getTypeParser {
  const getTypeParser: typeof Pg.types.getTypeParser = (id: number, format?: 'text' | 'binary') =>
    id === INT8 ? Number : pg.types.getTypeParser(id, format);
  return getTypeParser;
}

/** A lock is a number to PostgreSQL, and one that others take as well would only be slower. */
function lockId(name: string): string {
  return Buffer.from(hash('sha256', `sallyport ${name}`, 'hex'), 'hex')
    .readBigInt64BE()
    .toString();
}
