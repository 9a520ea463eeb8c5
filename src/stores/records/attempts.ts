import type { Attempt, AttemptRecords } from '../../guard/records.ts';
import type { AttemptTable } from './schema.ts';
import type { Store } from './store.ts';

export function createAttempts(store: Store): AttemptRecords {
  return {
    add: (key, windowMs) =>
      store.writeHurried(async (trx) => {
        const now = store.now();
        const row = await trx
          .insertInto('sallyport_attempts')
          .values({ key, count: 1, first: now, last: now, blocked_until: 0 })
          .onConflict((conflict) =>
            conflict.column('key').doUpdateSet((before) => {
              const isOver = before('sallyport_attempts.first', '<', now - windowMs);
              const { ref, lit, val } = before;
              return {
                count: before
                  .case()
                  .when(isOver)
                  .then(lit(1))
                  .else(before('sallyport_attempts.count', '+', 1))
                  .end(),
                first: before.case().when(isOver).then(val(now)).else(ref('sallyport_attempts.first')).end(),
                last: now,
              };
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        return toAttempt(row);
      }),
    async get(key) {
      const row = await store.read((db) =>
        db.selectFrom('sallyport_attempts').selectAll().where('key', '=', key).executeTakeFirst(),
      );
      return row === undefined ? null : toAttempt(row);
    },
    block: (key, until) =>
      store.write(async (trx) => {
        const now = store.now();
        await trx
          .insertInto('sallyport_attempts')
          .values({ key, count: 0, first: now, last: now, blocked_until: until })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ blocked_until: until }))
          .execute();
      }),
    clear: (key) =>
      store.write(async (trx) => {
        await trx.deleteFrom('sallyport_attempts').where('key', '=', key).execute();
      }),
  };
}

function toAttempt({ blocked_until, ...row }: AttemptTable): Attempt {
  return { ...row, blockedUntil: blocked_until };
}
