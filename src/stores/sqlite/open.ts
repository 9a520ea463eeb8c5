import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { SallyportError } from '../../guard/errors.ts';
import type { Backend } from '../records/backend.ts';
import type { Tables } from '../records/schema.ts';
import { createSqliteDialect } from './driver.ts';
import { isConflict, toRecordsError } from './errors.ts';

export interface SqliteOptions {
  /** Path of the file; `:memory:` for none. */
  readonly path: string;
  /** Milliseconds that a lock of another process is waited for. Default 2000. */
  readonly busyMs?: number;
  /** Pages the file may have, 4096 bytes each; for tests. Default: as many as the disk takes. */
  readonly maxPages?: number;
}

/** How often others' changes are looked for. */
const LOOK_MS = 500;

/** @throws {SallyportError} where the file cannot be used, and how to mend that */
export function openSqlite({ path, busyMs = 2000, maxPages }: SqliteOptions): Backend {
  const isMemory = path === ':memory:';
  const file = isMemory ? path : resolve(path);
  if (!isMemory) prepareFile(file);
  const database = open(file, isMemory);
  if (maxPages !== undefined) database.exec(`pragma max_page_count = ${Math.trunc(maxPages)}`);
  const writer = new Kysely<Tables>({ dialect: createSqliteDialect(database, busyMs) });
  // A second connection reads on while the first one waits for a lock.
  const reader = isMemory ? writer : openReader(file, busyMs);
  return {
    type: 'sqlite',
    kind: isMemory ? 'memory' : 'sqlite',
    reader,
    writer,
    hurried: (write) =>
      writer.connection().execute(async (db) => {
        // Of this connection and between transactions: prepared, it would hold once only.
        database.exec('pragma synchronous = normal');
        try {
          return await write(db);
        } finally {
          database.exec('pragma synchronous = full');
        }
      }),
    patienceMs: busyMs + 500,
    toError: toRecordsError,
    isConflict,
    // A transaction that writes is the only one there is.
    lock: async () => {},
    announce: async () => {},
    watch(look) {
      // What is in memory is seen by this process alone, which tells itself.
      const timer = setInterval(() => void look(), LOOK_MS);
      timer.unref();
      return { close: async () => clearInterval(timer) };
    },
    async close() {
      if (reader !== writer) await destroy(reader);
      await destroy(writer);
    },
  };
}

/** Kysely opens its driver with the first query: without one there would be nothing to close. */
async function destroy(db: Kysely<Tables>): Promise<void> {
  await db.connection().execute(async () => {});
  await db.destroy();
}

function open(file: string, isMemory: boolean): DatabaseSync {
  try {
    const database = new DatabaseSync(file, { timeout: 0, enableForeignKeyConstraints: true });
    // The log is synced at checkpoints only by `normal`; a power cut must not undo a revocation.
    if (!isMemory) database.exec('pragma journal_mode = wal; pragma synchronous = full');
    return database;
  } catch (error) {
    throw unusable(file, toRecordsError(error).message.replace(/^records:? /, ''));
  }
}

function openReader(file: string, busyMs: number): Kysely<Tables> {
  const database = new DatabaseSync(file, { timeout: 0, readOnly: true });
  return new Kysely<Tables>({ dialect: createSqliteDialect(database, busyMs) });
}

/** Makes the file before SQLite does, closed to others; its log and index get the same mode from SQLite. */
function prepareFile(file: string): void {
  const folder = dirname(file);
  try {
    checkFolder(file, folder);
    closeSync(openSync(file, 'a', 0o600));
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    throw error instanceof SallyportError ? error : unusable(file, describe(error, folder));
  }
  if (!statSync(file).isFile()) throw unusable(file, 'that is not a file');
}

function checkFolder(file: string, folder: string): void {
  const found = statSync(folder);
  if (!found.isDirectory()) throw unusable(file, `${folder} is not a folder`);
  // Whoever may write there can put another file in its place; in a sticky folder only the file's owner can.
  if (process.platform !== 'win32' && (found.mode & 0o002) !== 0 && (found.mode & 0o1000) === 0) {
    throw unusable(file, `any user of this machine may write in ${folder}; run: chmod o-w ${folder}`);
  }
}

function describe(error: unknown, folder: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT') return `there is no folder ${folder}; make it first`;
  if (code === 'ENOTDIR') return `${folder} is not a folder`;
  if (code === 'EISDIR') return 'that is a folder; name a file in it';
  if (code === 'EACCES' || code === 'EPERM')
    return `this user may not write there; give it the right to write in ${folder}`;
  if (code === 'EROFS') return `${folder} lies on a read-only file system`;
  if (code === 'ENOSPC') return 'there is no room on the disk';
  return `it cannot be opened (${String(code)})`;
}

function unusable(file: string, why: string): SallyportError {
  return new SallyportError('records', `records are sqlite:${file}; ${why}`);
}
