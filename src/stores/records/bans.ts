import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Ban, BanRecords } from '../../guard/records.ts';
import { makeTypeable } from '../../lib/typeable.ts';
import type { BanTable, Tables } from './schema.ts';
import type { Store } from './store.ts';

const MOST = 10_000;

export function createBans(store: Store): BanRecords {
  return {
    add: (ban) =>
      store.write(async (trx, changed) => {
        const row: BanTable = {
          id: makeTypeable(randomBytes(9)).toString('base64url'),
          kind: ban.kind,
          value: ban.value,
          reason: ban.reason,
          made_by: ban.by,
          created: store.now(),
          until: ban.until,
          lifted: 0,
          lifted_by: '',
        };
        await trx.insertInto('sallyport_bans').values(row).execute();
        changed('ban', 'added', row.id);
        return toBan(row);
      }),
    lift: (id, by) =>
      store.write(async (trx, changed) => {
        const row = await trx
          .updateTable('sallyport_bans')
          .set({ lifted: store.now(), lifted_by: by })
          .where('id', '=', id)
          .where('lifted', '=', 0)
          .where((has) => has.or([has('until', '=', 0), has('until', '>', store.now())]))
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return null;
        changed('ban', 'removed', id);
        return toBan(row);
      }),
    async list(limit = 1000) {
      const rows = await store.read((db) =>
        db
          .selectFrom('sallyport_bans')
          .selectAll()
          .orderBy('created', 'desc')
          .orderBy('id')
          .limit(Math.min(limit, MOST))
          .execute(),
      );
      return rows.map(toBan);
    },
    async active() {
      const rows = await store.read((db) => holding(db, store.now()).execute());
      return rows.map(toBan);
    },
  };
}

const holding = (db: Kysely<Tables>, now: number) =>
  db
    .selectFrom('sallyport_bans')
    .selectAll()
    .where('lifted', '=', 0)
    .where((has) => has.or([has('until', '=', 0), has('until', '>', now)]))
    .orderBy('created', 'desc')
    .orderBy('id');

function toBan({ made_by, lifted_by, ...row }: BanTable): Ban {
  return { ...row, by: made_by, liftedBy: lifted_by };
}
