import { createHmac, hkdfSync } from 'node:crypto';
import type { Transaction } from 'kysely';
import { type Account, giveBackTo, newAccount, roll, SLOTS, spentOf, takeAll } from '../../guard/account.ts';
import type { Cap, Entry, Ledger, Reserved } from '../../guard/ledger.ts';
import { RecordsError } from '../../guard/records.ts';
import { createShortages } from './shortages.ts';
import type { SpendingTable, Tables } from './schema.ts';
import type { Store } from './store.ts';

/** Calls that one transaction reserves for. */
const JOBS_AT_ONCE = 100;
const RETURNS_AT_ONCE = 500;
/** What waits to be given back while records take no write; beyond, it stays spent. */
const MOST_RETURNS = 10_000;

interface Job {
  readonly entries: readonly Entry[];
  resolve(found: Reserved): void;
  reject(error: unknown): void;
}

interface Return {
  readonly entry: Entry;
  readonly amount: number;
}

/** HKDF (RFC 5869) of the gate's secret. */
export function deriveLedgerKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'sallyport ledger', 32));
}

/**
 * Money counted in records, by however many processes share them. Nothing is spent ahead of need: each transaction reserves
 * for all calls that came while the one before was under way, so that a process that is killed loses what was in flight
 * and nothing else.
 *
 * @param key hides who spends: addresses and people are kept as keyed hashes
 */
export function createLedger(store: Store, key: Buffer): Ledger {
  const shortages = createShortages();
  const jobs: Job[] = [];
  let returns: Return[] = [];
  let running: Promise<void> | null = null;

  const accountOf = (cap: Cap, payer: string): string =>
    payer === '' ? cap.name : `${cap.name}|${createHmac('sha256', key).update(payer).digest('base64url').slice(0, 22)}`;

  const pump = (): void => {
    running ??= work().finally(() => {
      running = null;
      if (jobs.length > 0) pump();
    });
  };

  const work = async (): Promise<void> => {
    while (jobs.length > 0 || returns.length > 0) {
      const [now, back] = [jobs.splice(0, JOBS_AT_ONCE), returns.splice(0, RETURNS_AT_ONCE)];
      try {
        const found = await store.write((trx) => transact(trx, store, accountOf, now, back));
        for (const [index, job] of now.entries()) {
          const reserved = found[index];
          if (reserved === undefined) job.reject(new RecordsError('fault', 'records: a reservation has no answer'));
          else job.resolve(reserved);
        }
      } catch (error) {
        for (const job of now) job.reject(error);
        // Where nobody knows whether it was written, it stays spent: twice given back would be money out of nothing.
        const untouched = error instanceof RecordsError && (error.code === 'busy' || error.code === 'full');
        if (untouched && returns.length < MOST_RETURNS) returns = [...back, ...returns];
        // They go with the next call: records that take no write are not asked again and again.
        if (jobs.length === 0) return;
      }
    }
  };

  return {
    lasts: store.backend.kind !== 'memory',
    reserve(entries) {
      const now = store.now();
      const known = shortages.find(entries, now);
      if (known !== null) return known;
      return new Promise<Reserved>((resolve, reject) => {
        jobs.push({
          entries,
          resolve(found) {
            if (found.short !== null) shortages.note(entries, found, store.now());
            resolve(found);
          },
          reject,
        });
        pump();
      });
    },
    giveBack(entries, amount) {
      shortages.forget(entries);
      for (const entry of entries) returns.push({ entry, amount });
      pump();
    },
    spent: (caps) =>
      store.read(async (db) => {
        if (caps.length === 0) return [];
        const names = caps.map(({ name }) => name);
        const rows = await db.selectFrom('sallyport_spending').selectAll().where('account', 'in', names).execute();
        const now = store.now();
        return caps.map((cap) => {
          const row = rows.find(({ account }) => account === cap.name);
          if (row === undefined) return 0;
          const account = toAccount(row);
          roll(account, cap, now);
          return spentOf(account);
        });
      }),
    async close() {
      await running;
      if (returns.length > 0) pump();
      await running;
    },
  };
}

/** One after the other, as if each call had a transaction of its own. */
async function transact(
  trx: Transaction<Tables>,
  store: Store,
  accountOf: (cap: Cap, payer: string) => string,
  jobs: readonly Job[],
  returns: readonly Return[],
): Promise<readonly Reserved[]> {
  await store.backend.lock(trx, 'spending');
  const named = new Map<string, Cap>();
  for (const { cap, payer } of [...jobs.flatMap(({ entries }) => entries), ...returns.map(({ entry }) => entry)]) {
    named.set(accountOf(cap, payer), cap);
    if (cap.share !== null) named.set(cap.share.of.name, cap.share.of);
  }
  const rows = await trx
    .selectFrom('sallyport_spending')
    .selectAll()
    .where('account', 'in', [...named.keys()])
    .execute();
  const now = store.now();
  const accounts = new Map(rows.map((row) => [row.account, toAccount(row)]));
  const find = (cap: Cap, payer: string): Account => {
    const name = accountOf(cap, payer);
    const account = accounts.get(name) ?? newAccount(cap, now);
    accounts.set(name, account);
    return account;
  };
  for (const { entry, amount } of returns) giveBackTo(find(entry.cap, entry.payer), entry, amount);
  const found = jobs.map(({ entries }) => takeAll(entries, find, now));
  const old = new Set(rows.map(({ account }) => account));
  // Who was refused leaves nothing behind: strangers choose their names.
  const changed = [...accounts].filter(([name, account]) => old.has(name) || spentOf(account) > 0);
  if (changed.length > 0)
    await keep(
      trx,
      changed.map(([name, account]) => toRow(name, account, named.get(name))),
    );
  return found;
}

async function keep(trx: Transaction<Tables>, rows: readonly SpendingTable[]): Promise<void> {
  await trx
    .insertInto('sallyport_spending')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('account').doUpdateSet(({ ref }) => ({
        latest: ref('excluded.latest'),
        slots: ref('excluded.slots'),
        released: ref('excluded.released'),
        until: ref('excluded.until'),
      })),
    )
    .execute();
}

function toAccount({ latest, slots, released }: SpendingTable): Account {
  const parsed: unknown = JSON.parse(slots);
  if (!Array.isArray(parsed) || parsed.length !== SLOTS + 1 || !parsed.every(Number.isSafeInteger))
    throw new RecordsError('fault', 'records: sallyport_spending holds a row that was not written here');
  return { latest, slots: parsed, released };
}

function toRow(account: string, { latest, slots, released }: Account, cap: Cap | undefined): SpendingTable {
  // After as many slots as there are, nothing of it counts any more.
  const until = ((latest + SLOTS + 2) * (cap?.span ?? 0)) / SLOTS;
  return { account, latest, slots: JSON.stringify(slots), released, until };
}
