import type { KeyRecords } from '../../guard/records-keys.ts';
import type { Store } from './store.ts';

/** When keys were used, and how often. Written in batches: nobody waits for it. */
export function createUsage(store: Store): Pick<KeyRecords, 'touch' | 'count' | 'usage'> {
  return {
    touch: (uses) =>
      store.write(async (trx) => {
        for (const { id, lastUsed } of uses) {
          await trx
            .updateTable('sallyport_keys')
            .set({ last_used: lastUsed })
            .where('id', '=', id)
            .where('last_used', '<', lastUsed)
            .execute();
        }
      }),
    count: (usage) =>
      store.write(async (trx) => {
        for (const { key, day, requests, refused } of usage) {
          await trx
            .insertInto('sallyport_usage')
            .values({ key_id: key, day, requests, refused })
            .onConflict((conflict) =>
              conflict.columns(['day', 'key_id']).doUpdateSet((before) => ({
                requests: before('sallyport_usage.requests', '+', requests),
                refused: before('sallyport_usage.refused', '+', refused),
              })),
            )
            .execute();
        }
      }),
    async usage(from, to) {
      const rows = await store.read((db) =>
        db
          .selectFrom('sallyport_usage')
          .selectAll()
          .where('day', '>=', from)
          .where('day', '<=', to)
          .orderBy('day')
          .orderBy('key_id')
          .execute(),
      );
      return rows.map(({ key_id, ...row }) => ({ key: key_id, ...row }));
    },
  };
}
