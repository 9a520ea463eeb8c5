import type { UserRecords, UserState } from '../../guard/records.ts';
import type { UserTable } from './schema.ts';
import type { Store } from './store.ts';

const MOST = 10_000;

export function createUsers(store: Store): UserRecords {
  return {
    async get(source, subject) {
      const row = await store.read((db) =>
        db
          .selectFrom('sallyport_users')
          .selectAll()
          .where('source', '=', source)
          .where('subject', '=', subject)
          .executeTakeFirst(),
      );
      return row === undefined ? null : toState(row, store.now());
    },
    set: (state) =>
      store.write(async (trx, changed) => {
        const now = store.now();
        const { source, subject, reason, until } = state;
        const row: UserTable = {
          source,
          subject,
          blocked: state.blocked ? 1 : 0,
          reason,
          made_by: state.by,
          changed: now,
          until,
        };
        await trx
          .insertInto('sallyport_users')
          .values(row)
          .onConflict((conflict) => conflict.columns(['source', 'subject']).doUpdateSet(row))
          .execute();
        changed('user', 'changed', `${source}:${subject}`);
        return toState(row, now);
      }),
    async blocked(limit = 1000) {
      const now = store.now();
      const rows = await store.read((db) =>
        db
          .selectFrom('sallyport_users')
          .selectAll()
          .where('blocked', '=', 1)
          .where((has) => has.or([has('until', '=', 0), has('until', '>', now)]))
          .orderBy('changed', 'desc')
          .limit(Math.min(limit, MOST))
          .execute(),
      );
      return rows.map((row) => toState(row, now));
    },
  };
}

function toState({ made_by, blocked, ...row }: UserTable, now: number): UserState {
  return { ...row, by: made_by, blocked: blocked === 1 && (row.until === 0 || row.until > now) };
}
