import type { Kysely } from 'kysely';
import type { AuditFilter, AuditHead, AuditRecords } from '../../guard/records-audit.ts';
import { type AuditKey, macOf, toAuditRow, toEntry } from './audit-chain.ts';
import { verifyChains } from './audit-verify.ts';
import type { Tables } from './schema.ts';
import type { Store } from './store.ts';

const MOST = 10_000;

/** @param instance what this process is called among those that write to one database */
export function createAudit(store: Store, key: AuditKey, instance: string): AuditRecords {
  const chain = `${instance}.${key.tag}`;
  const listeners = new Set<(head: AuditHead) => void>();

  return {
    async append(event) {
      const row = await store.write(async (trx) => {
        await store.backend.lock(trx, 'audit');
        const last = await headOf(trx, chain);
        const entry = toEntry(event, chain, (last?.number ?? 0) + 1);
        const written = { ...entry, mac: macOf(key, last?.mac ?? '', entry) };
        await trx.insertInto('sallyport_audit').values(written).execute();
        return written;
      });
      for (const listener of listeners) listener({ chain, number: row.number, mac: row.mac });
      return toAuditRow(row);
    },
    async list(filter = {}) {
      const rows = await store.read((db) => select(db, filter).execute());
      return rows.map(toAuditRow);
    },
    head: () => store.read((db) => headOf(db, chain)),
    verify: (heads = []) => verifyChains(store, key, heads),
    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function headOf(db: Kysely<Tables>, chain: string): Promise<AuditHead | null> {
  const row = await db
    .selectFrom('sallyport_audit')
    .select(['chain', 'number', 'mac'])
    .where('chain', '=', chain)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

function select(db: Kysely<Tables>, { since, until, limit, ...equal }: AuditFilter) {
  let query = db.selectFrom('sallyport_audit').selectAll();
  if (since !== undefined) query = query.where('time', '>=', since);
  if (until !== undefined) query = query.where('time', '<=', until);
  for (const column of ['actor', 'action', 'target', 'outcome'] as const) {
    const value = equal[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  return query
    .orderBy('time', 'desc')
    .orderBy('chain')
    .orderBy('number', 'desc')
    .limit(Math.min(limit ?? 100, MOST));
}
