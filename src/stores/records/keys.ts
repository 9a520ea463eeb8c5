import type { Transaction } from 'kysely';
import type { KeyAccount, KeyRecords, KeyRow, NewKey } from '../../guard/records-keys.ts';
import { fromKey, toKey } from './key-row.ts';
import type { AccountTable, Tables } from './schema.ts';
import type { Store } from './store.ts';
import { createUsage } from './usage.ts';

export function createKeys(store: Store): KeyRecords {
  const { backend } = store;

  const insert = async (trx: Transaction<Tables>, key: NewKey): Promise<KeyRow> => {
    const row: KeyRow = { ...key, created: store.now(), revoked: 0, replacedBy: '', lastUsed: 0 };
    await trx
      .insertInto('sallyport_keys')
      .values(fromKey(row))
      .execute()
      .catch(taken('key: its id or hash is taken, or there is no such account'));
    return row;
  };

  const taken =
    (message: string) =>
    (error: unknown): never => {
      throw backend.isConflict(error) ? new TypeError(message) : error;
    };

  const find = async (column: 'id' | 'hash', value: string): Promise<KeyRow | null> => {
    const row = await store.read((db) =>
      db.selectFrom('sallyport_keys').selectAll().where(column, '=', value).executeTakeFirst(),
    );
    return row === undefined ? null : toKey(row);
  };

  return {
    addAccount: (account) =>
      store.write(async (trx, changed) => {
        const { id, name, contact } = account;
        const row: AccountTable = { id, name, contact, created: store.now(), disabled: 0 };
        await trx.insertInto('sallyport_accounts').values(row).execute().catch(taken('account: its id is taken'));
        changed('account', 'added', id);
        return toAccount(row);
      }),
    async account(id) {
      const row = await store.read((db) =>
        db.selectFrom('sallyport_accounts').selectAll().where('id', '=', id).executeTakeFirst(),
      );
      return row === undefined ? null : toAccount(row);
    },
    async accounts() {
      const rows = await store.read((db) => db.selectFrom('sallyport_accounts').selectAll().orderBy('id').execute());
      return rows.map(toAccount);
    },
    setDisabled: (id, disabled) =>
      store.write(async (trx, changed) => {
        const done = await trx
          .updateTable('sallyport_accounts')
          .set({ disabled: disabled ? 1 : 0 })
          .where('id', '=', id)
          .executeTakeFirst();
        if (done.numUpdatedRows === 0n) return false;
        changed('account', 'changed', id);
        return true;
      }),
    issue: (key) =>
      store.write(async (trx, changed) => {
        const row = await insert(trx, key);
        changed('key', 'added', row.id);
        return row;
      }),
    get: (id) => find('id', id),
    byHash: (hash) => find('hash', hash),
    async list(account) {
      const rows = await store.read((db) => {
        const all = db.selectFrom('sallyport_keys').selectAll().orderBy('created', 'desc').orderBy('id');
        return (account === undefined ? all : all.where('account', '=', account)).execute();
      });
      return rows.map(toKey);
    },
    revoke: (id) =>
      store.write(async (trx, changed) => {
        const done = await trx
          .updateTable('sallyport_keys')
          .set({ revoked: store.now() })
          .where('id', '=', id)
          .where('revoked', '=', 0)
          .executeTakeFirst();
        if (done.numUpdatedRows === 0n) return false;
        changed('key', 'changed', id);
        return true;
      }),
    rotate: (id, key, overlapMs) =>
      store.write(async (trx, changed) => {
        const end = store.now() + overlapMs;
        const row = await trx
          .updateTable('sallyport_keys')
          .set((before) => ({
            replaced_by: key.id,
            expires: before
              .case()
              .when(before.and([before('expires', '>', 0), before('expires', '<', end)]))
              .then(before.ref('expires'))
              .else(before.val(end))
              .end(),
          }))
          .where('id', '=', id)
          .where('revoked', '=', 0)
          .where('replaced_by', '=', '')
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return null;
        const after = await insert(trx, key);
        changed('key', 'changed', id);
        changed('key', 'added', key.id);
        return { before: toKey(row), after };
      }),
    ...createUsage(store),
  };
}

function toAccount({ disabled, ...row }: AccountTable): KeyAccount {
  return { ...row, disabled: disabled === 1 };
}
