import type { ObjectRecords } from '../../guard/records.ts';
import type { Store } from './store.ts';

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
      }),
    disown: (kind, object) =>
      store.write(async (trx) => {
        await trx.deleteFrom('sallyport_objects').where('kind', '=', kind).where('object', '=', object).execute();
      }),
  };
}
