import { type Kysely, sql, type Transaction } from 'kysely';
import { SallyportError } from '../../guard/errors.ts';
import type { Backend } from './backend.ts';
import type { Tables } from './schema.ts';

type Migration = (trx: Transaction<Tables>, type: Backend['type']) => Promise<void>;

/** In order; what was released is never changed. The number of a migration is its place, from 1. */
const MIGRATIONS: readonly Migration[] = [first, objects, objectsByOwner, spending, signals];

export const LATEST = MIGRATIONS.length;

/**
 * Brings a database to the latest schema, in one transaction and one process at a time.
 * @throws {SallyportError} where a later version of the program made it
 */
export async function migrate(backend: Backend): Promise<void> {
  if ((await versionOf(backend.reader).catch(() => 0)) === LATEST) return;
  await backend.writer.transaction().execute(async (trx) => {
    await backend.lock(trx, 'schema');
    await sql`create table if not exists sallyport_schema (version bigint not null)`.execute(trx);
    const version = await versionOf(trx);
    if (version > LATEST) throw newer(version);
    if (version === LATEST) return;
    for (const migration of MIGRATIONS.slice(version)) await migration(trx, backend.type);
    await trx.deleteFrom('sallyport_schema').execute();
    await trx.insertInto('sallyport_schema').values({ version: LATEST }).execute();
  });
}

async function versionOf(db: Kysely<Tables>): Promise<number> {
  const row = await db.selectFrom('sallyport_schema').select('version').executeTakeFirst();
  return row?.version ?? 0;
}

function newer(version: number): SallyportError {
  const message = `records were made by a later Sallyport (schema ${version}, this one knows ${LATEST}); start that version, or restore the copy from before the upgrade`;
  return new SallyportError('records', message);
}

async function first(trx: Transaction<Tables>, type: Backend['type']): Promise<void> {
  const bytes = type === 'sqlite' ? sql`blob` : sql`bytea`;
  const id = type === 'sqlite' ? sql`integer primary key autoincrement` : sql`bigserial primary key`;
  const statements = [
    sql`create table sallyport_logins (
      session_hash text primary key, source text not null, subject text not null, sid text not null,
      content ${bytes} not null, created bigint not null, expires bigint not null, claimed_until bigint not null)`,
    sql`create index sallyport_logins_subject on sallyport_logins (source, subject)`,
    sql`create index sallyport_logins_sid on sallyport_logins (source, sid)`,
    sql`create index sallyport_logins_expires on sallyport_logins (expires)`,
    sql`create table sallyport_accounts (
      id text primary key, name text not null, contact text not null, created bigint not null, disabled integer not null)`,
    sql`create table sallyport_keys (
      id text primary key, account text not null references sallyport_accounts (id), kind text not null,
      hash text unique, public_key text, sealed ${bytes}, prefix text not null, scopes text not null,
      quota_count bigint, quota_per bigint, networks text not null, thumbprint text, created bigint not null,
      not_before bigint not null, expires bigint not null, revoked bigint not null, replaced_by text not null,
      last_used bigint not null, note text not null)`,
    sql`create index sallyport_keys_account on sallyport_keys (account)`,
    sql`create table sallyport_usage (
      key_id text not null, day text not null, requests bigint not null, refused bigint not null,
      primary key (day, key_id))`,
    sql`create table sallyport_bans (
      id text primary key, kind text not null, value text not null, reason text not null, made_by text not null,
      created bigint not null, until bigint not null, lifted bigint not null, lifted_by text not null)`,
    sql`create index sallyport_bans_lifted on sallyport_bans (lifted, until)`,
    sql`create table sallyport_users (
      source text not null, subject text not null, blocked integer not null, reason text not null,
      made_by text not null, changed bigint not null, until bigint not null, primary key (source, subject))`,
    sql`create table sallyport_attempts (
      key text primary key, count bigint not null, first bigint not null, last bigint not null,
      blocked_until bigint not null)`,
    sql`create index sallyport_attempts_last on sallyport_attempts (last)`,
    sql`create table sallyport_audit (
      chain text not null, number bigint not null, time bigint not null, actor text not null, action text not null,
      target text not null, details text not null, outcome text not null, mac text not null,
      primary key (chain, number))`,
    sql`create index sallyport_audit_time on sallyport_audit (time)`,
    sql`create table sallyport_changes (
      id ${id}, at bigint not null, kind text not null, action text not null, ref text not null)`,
  ];
  for (const statement of statements) await statement.execute(trx);
}

async function objects(trx: Transaction<Tables>): Promise<void> {
  await sql`create table sallyport_objects (
    kind text not null, object text not null, owner text not null, created bigint not null, primary key (kind, object))`.execute(
    trx,
  );
}

async function objectsByOwner(trx: Transaction<Tables>): Promise<void> {
  await sql`create index sallyport_objects_owner on sallyport_objects (owner, created)`.execute(trx);
}

async function spending(trx: Transaction<Tables>): Promise<void> {
  await sql`create table sallyport_spending (
    account text primary key, latest bigint not null, slots text not null, released bigint not null,
    until bigint not null)`.execute(trx);
  await sql`create index sallyport_spending_until on sallyport_spending (until)`.execute(trx);
}

async function signals(trx: Transaction<Tables>): Promise<void> {
  await sql`create table sallyport_signals (name text primary key, counter bigint not null, text text not null)`.execute(
    trx,
  );
}
