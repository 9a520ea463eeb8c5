import type { Config } from '../guard/config.ts';
import type { Bans } from '../guard/keys.ts';
import type { AuditHead } from '../guard/records-audit.ts';
import { takesKeys } from '../guard/keys.ts';
import type { Records } from '../guard/records.ts';
import type { Signals } from '../guard/signals.ts';
import { ConfigError } from '../guard/errors.ts';
import { recordsOf, shownUrl } from '../guard/records-url.ts';
import { shownStateUrl } from '../guard/state-url.ts';
import { createBans, type StoredBans } from '../keys/bans.ts';

/** Records of a gate: opened at the start where they are to last, else when somebody first needs them. */
export interface Kept {
  /** Opens them on the first call. Rejects with SallyportError where they cannot be. */
  records(): Promise<Records>;
  /** For the guard: null until somebody needs them. */
  readonly opened: Records | null;
  /** How gates that share these records hear of each other; null where no other gate can. */
  readonly signals: Signals | null;
  /** Who is banned: nobody before records were opened. */
  readonly bans: Bans;
  close(): Promise<void>;
}

/** @throws {ConfigError} where a configuration that was read again names other records or another state: what is open stays open */
export function assertSameStores(before: Config, next: Config): Config {
  const [state, other] = [before.state ?? 'memory', next.state ?? 'memory'];
  if (state !== other) {
    const rule = `is taken up at the start, and the gate has ${shownStateUrl(state)}; restart to change it`;
    throw new ConfigError('config', [{ field: 'state', value: JSON.stringify(shownStateUrl(other)), rule }]);
  }
  if (recordsOf(before) === recordsOf(next)) return next;
  const rule = `is taken up at the start, and the gate has ${shownUrl(recordsOf(before))}; restart to change it`;
  throw new ConfigError('config', [{ field: 'records', value: JSON.stringify(shownUrl(recordsOf(next))), rule }]);
}

const PURGE_MS = 10 * 60_000;

export interface Watcher {
  /** What has expired could not be removed. */
  failed(error: unknown): void;
  /** There is a new row in the audit log. */
  headed(head: AuditHead): void;
}

export async function keepRecords(config: Config, secret: string, { failed, headed }: Watcher): Promise<Kept> {
  const url = recordsOf(config);
  let opening: Promise<Records> | null = null;
  let opened: Records | null = null;
  let stored: StoredBans | null = null;
  let timer: NodeJS.Timeout | undefined;

  const open = async (): Promise<Records> => {
    // The query builder is as large as the rest of the gate: who keeps nothing does not load it.
    const { createRecords } = await import('../stores/records/open.ts');
    const records = await createRecords(url, { secret });
    // From here on bans hold, whichever process makes them.
    stored = await createBans(records, Date.now);
    opened = records;
    records.audit.onHead(headed);
    timer = setInterval(() => void records.purge().catch(failed), PURGE_MS).unref();
    return records;
  };
  const kept: Kept = {
    records() {
      opening ??= open();
      return opening;
    },
    get opened() {
      return opened;
    },
    get signals() {
      return opened === null || opened.kind === 'memory' ? null : opened.signals;
    },
    bans: {
      has: (kind, value) => stored?.has(kind, value) ?? false,
      isEmpty: (kind) => stored?.isEmpty(kind) ?? true,
    },
    async close() {
      clearInterval(timer);
      stored?.close();
      await (await opening?.catch(() => null))?.close();
    },
  };
  if (url !== 'memory' || config.login !== undefined || takesKeys(config)) await kept.records();
  return kept;
}
