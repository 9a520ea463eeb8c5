import type { ObjectRecords } from '../../guard/records.ts';
import type { Transaction } from 'kysely';
import type { Tables } from './schema.ts';
import type { Store } from './store.ts';

/** Objects of one owner; whoever makes more loses the oldest, and nobody loses any by what others make. */
const MOST_OBJECTS = 10_000;

export function createObjects(store: Store): ObjectRecords {
  return {
    async ownerOf(kind, object) {
      const row = await store.read((db) =>
        db
          .selectFrom('sallyport_objects')
          .select('owner')
          .where('kind', '=', kind)
          .where('object', '=', object)
          .executeTakeFirst(),
      );
      return row?.owner ?? null;
    },
    own: ({ kind, object, owner, keepsFirst }) =>
      store.write(async (trx) => {
        const row = { kind, object, owner, created: store.now() };
        await trx
          .insertInto('sallyport_objects')
          .values(row)
          .onConflict((conflict) => {
            const known = conflict.columns(['kind', 'object']);
            return keepsFirst ? known.doNothing() : known.doUpdateSet(row);
          })
          .execute();
        await forgetOldest(trx, owner);
      }),
    disown: (kind, object) =>
      store.write(async (trx) => {
        await trx.deleteFrom('sallyport_objects').where('kind', '=', kind).where('object', '=', object).execute();
      }),
  };
}

async function forgetOldest(trx: Transaction<Tables>, owner: string): Promise<void> {
  const oldest = await trx
    .selectFrom('sallyport_objects')
    .select('created')
    .where('owner', '=', owner)
    .orderBy('created', 'desc')
    .offset(MOST_OBJECTS)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await trx.deleteFrom('sallyport_objects').where('owner', '=', owner).where('created', '<=', oldest.created).execute();
}
