import type { Records } from '../../guard/records.ts';
import type { Signals } from '../../guard/signals.ts';
import type { Store } from './store.ts';

export function createSignals(store: Store, onChange: Records['onChange']): Signals {
  return {
    publish: (name, { counter, text }) =>
      store.write(async (trx, changed) => {
        const kept = await trx
          .insertInto('sallyport_signals')
          .values({ name, counter, text })
          .onConflict((row) =>
            row.column('name').doUpdateSet({ counter, text }).where('sallyport_signals.counter', '<', counter),
          )
          .returning('name')
          .executeTakeFirst();
        if (kept === undefined) return false;
        changed('signal', 'changed', name);
        return true;
      }),
    latest: async (name) =>
      (await store.read((db) =>
        db.selectFrom('sallyport_signals').select(['counter', 'text']).where('name', '=', name).executeTakeFirst(),
      )) ?? null,
    subscribe: (listener) =>
      onChange(({ kind }) => {
        if (kind === 'signal' || kind === 'all') listener();
      }),
  };
}
