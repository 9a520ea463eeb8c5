import type { KeyAlarm, KeyDirectory, KnownKey } from '../guard/keys.ts';
import type { Change, Records } from '../guard/records.ts';
import type { KeyAccount, KeyRow } from '../guard/records-keys.ts';
import { parseNetwork } from '../lib/address.ts';
import type { StoredBans } from './bans.ts';
import { type Sealer, toChecks } from './material.ts';
import { createUsage } from './usage.ts';

export interface DirectoryParts {
  readonly records: Records;
  readonly sealer: Sealer;
  readonly bans: StoredBans;
  /** What becomes of a key that was seen where none may be. */
  readonly leaked: 'alarm' | 'revoke';
}

export interface StoredKeys extends KeyDirectory {
  /** Told of every alarm. */
  onAlarm(listener: (alarm: KeyAlarm) => void): void;
  /** Resolves once everything that was told of so far is known here. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Changes of other processes may be unknown for so long, in milliseconds: then no key opens anything. */
const MOST_LAG = 5000;
const RETRY_MS = 500;

/** Reads all keys and then follows every change of them. Rejects where records cannot be reached. */
export async function createKeyDirectory(parts: DirectoryParts): Promise<StoredKeys> {
  const { records, sealer, bans } = parts;
  let rows = new Map<string, KeyRow>();
  let accounts = new Map<string, KeyAccount>();
  let known = new Map<string, KnownKey>();
  const listeners: ((alarm: KeyAlarm) => void)[] = [];
  const usage = createUsage(records);
  // While a change cannot be read, nobody knows which keys have ended.
  let failing = false;
  let closed = false;

  const learn = (row: KeyRow): void => {
    rows.set(row.id, row);
    known.set(row.id, toKnown(row, accounts.get(row.account), bans, sealer));
  };
  const relearn = (account: string): void => {
    for (const row of rows.values()) if (row.account === account) learn(row);
  };

  const readAll = async (): Promise<void> => {
    const [allAccounts, allRows] = await Promise.all([records.keys.accounts(), records.keys.list()]);
    accounts = new Map(allAccounts.map((account) => [account.id, account]));
    rows = new Map();
    known = new Map();
    for (const row of allRows) learn(row);
  };

  const take = async ({ kind, ref }: Change): Promise<void> => {
    if (kind === 'all') return readAll();
    if (kind === 'account') {
      const account = await records.keys.account(ref);
      if (account === null) accounts.delete(ref);
      else accounts.set(ref, account);
      return relearn(ref);
    }
    const row = await records.keys.get(ref);
    if (row !== null && !accounts.has(row.account)) {
      const account = await records.keys.account(row.account);
      if (account !== null) accounts.set(account.id, account);
    }
    if (row !== null) return learn(row);
    rows.delete(ref);
    known.delete(ref);
  };

  const takeSurely = async (change: Change): Promise<void> => {
    while (!closed) {
      try {
        await take(change);
        failing = false;
        return;
      } catch {
        failing = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  };

  // Changes wait for what was read before them: an answer that comes late must not bring back a key that was revoked.
  const first = readAll();
  let queue: Promise<void> = first.catch(() => {});
  const stop = records.onChange((change) => {
    if (change.kind !== 'key' && change.kind !== 'account' && change.kind !== 'all') return;
    queue = queue.then(() => takeSurely(change));
  });
  try {
    await first;
  } catch (error) {
    closed = true;
    stop();
    throw error;
  }

  /**
   * Whether the secret itself was seen. A signature in a page's request shows no secret: whoever reads one on its way
   * could send it again with an Origin of theirs, and end somebody else's key.
   */
  const isShown = ({ key, where }: KeyAlarm): boolean => where !== 'browser' || known.get(key)?.kind === 'bearer';

  return {
    find: (id) => known.get(id) ?? null,
    isCurrent: () => !failing && records.lag() <= MOST_LAG,
    used: usage.add,
    alarm(alarm) {
      if (parts.leaked === 'revoke' && isShown(alarm)) records.keys.revoke(alarm.key).catch(() => {});
      for (const listener of listeners) listener(alarm);
    },
    onAlarm: (listener) => void listeners.push(listener),
    settled: () => queue,
    async close() {
      closed = true;
      stop();
      await usage.close();
    },
  };
}

function toKnown(row: KeyRow, account: KeyAccount | undefined, bans: StoredBans, sealer: Sealer): KnownKey {
  const { id, material, scopes, quota, notBefore, expires, thumbprint } = row;
  const networks = row.networks.map(parseNetwork);
  return {
    facts: Object.freeze({ id, account: row.account, scopes }),
    kind: material.kind,
    notBefore,
    expires,
    // Asked anew each time: bans end by themselves.
    get ended() {
      return endedBy(row, account, bans);
    },
    // A network that cannot be read is no network at all, and never everywhere.
    networks: networks.map((network) => network ?? NOWHERE),
    quota: quota === null ? null : { count: quota.count, per: quota.per * 1000 },
    thumbprint,
    ...toChecks(id, material, sealer),
  };
}

const NOWHERE = { bytes: new Uint8Array(0), bits: 0 };

function endedBy(row: KeyRow, account: KeyAccount | undefined, bans: StoredBans): KnownKey['ended'] {
  if (row.revoked !== 0) return 'revoked';
  if (account === undefined || account.disabled) return 'disabled';
  return bans.has('key', row.id) ? 'banned' : '';
}
