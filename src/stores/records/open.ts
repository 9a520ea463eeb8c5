import { hostname } from 'node:os';
import { SallyportError } from '../../guard/errors.ts';
import { type Records, RecordsError } from '../../guard/records.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Backend } from './backend.ts';
import { createRecordsOn } from './index.ts';
import { parseRecordsUrl, shownUrl } from '../../guard/records-url.ts';

export interface RecordsOptions {
  /** The gate's. The key of the audit log is derived from it and never stored. */
  readonly secret: string;
  readonly clock?: Clock;
  /** What this process is called among those that share a database: begins the name of its audit chain. Default: the host's name. */
  readonly instance?: string;
  /** Milliseconds that a lock of another process is waited for. Default 2000. */
  readonly busyMs?: number;
  /** SQLite: pages that the file may have; for tests. */
  readonly maxPages?: number;
}

/**
 * Opens records: `memory`, `sqlite:PATH` or `postgres://…`. Drivers are loaded only where they are asked for.
 * @throws {SallyportError} code `records`, with what to do; never with a password
 */
export async function createRecords(url: string, options: RecordsOptions): Promise<Records> {
  const backend = await open(url, options);
  const { secret, clock = systemClock, instance = hostname() } = options;
  try {
    return await createRecordsOn(backend, { secret, clock, instance });
  } catch (error) {
    await backend.close().catch(() => {});
    if (error instanceof SallyportError) throw error;
    const said = error instanceof RecordsError ? error : backend.toError(error);
    throw new SallyportError('records', `records are ${shownUrl(url)}; ${said.message}`);
  }
}

async function open(url: string, options: RecordsOptions): Promise<Backend> {
  const parsed = parseRecordsUrl(url);
  if (typeof parsed === 'string') throw new SallyportError('records', `records are ${shownUrl(url)}; ${parsed}`);
  if (parsed.type === 'postgres') {
    const { openPostgres } = await import('../postgres/open.ts');
    return openPostgres({ url, ...options });
  }
  const { openSqlite } = await import('../sqlite/open.ts');
  return openSqlite({ ...options, path: parsed.path });
}
