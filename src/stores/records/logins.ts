import type { LoginFilter, LoginRecords, LoginRow } from '../../guard/records.ts';
import type { LoginTable } from './schema.ts';
import type { Store } from './store.ts';

const SHA256 = /^[A-Za-z0-9_-]{43}$/;
const MOST = 10_000;
/** In place of the source of a login that went on under another session: no source is called so. */
const MOVED = '>';

export function createLogins(store: Store): LoginRecords {
  return {
    async put(login) {
      if (!SHA256.test(login.sessionHash)) throw new TypeError('sessionHash: SHA-256 in base64url, never the id');
      const row = fromRow(login);
      await store.write(async (trx, changed) => {
        await trx
          .insertInto('sallyport_logins')
          .values(row)
          .onConflict((conflict) => conflict.column('session_hash').doUpdateSet(row))
          .execute();
        changed('login', 'added', login.sessionHash);
      });
    },
    async get(sessionHash) {
      const row = await store.read((db) =>
        db
          .selectFrom('sallyport_logins')
          .selectAll()
          .where('session_hash', '=', sessionHash)
          .where('expires', '>', store.now())
          .executeTakeFirst(),
      );
      return row === undefined ? null : toRow(row);
    },
    replace: (sessionHash, content, expires) =>
      store.write(async (trx, changed) => {
        const done = await trx
          .updateTable('sallyport_logins')
          .set({ content, expires, claimed_until: 0 })
          .where('session_hash', '=', sessionHash)
          .where('expires', '>', store.now())
          .executeTakeFirst();
        if (done.numUpdatedRows === 0n) return false;
        changed('login', 'changed', sessionHash);
        return true;
      }),
    claim: (sessionHash, until) =>
      store.write(async (trx) => {
        const done = await trx
          .updateTable('sallyport_logins')
          .set({ claimed_until: until })
          .where('session_hash', '=', sessionHash)
          .where('claimed_until', '<=', store.now())
          .executeTakeFirst();
        return done.numUpdatedRows > 0n;
      }),
    async move(sessionHash, to, left, until) {
      if (!SHA256.test(to.sessionHash)) throw new TypeError('sessionHash: SHA-256 in base64url, never the id');
      return store.write(async (trx, changed) => {
        const done = await trx
          .updateTable('sallyport_logins')
          .set({ source: MOVED, subject: '', sid: '', content: left, expires: until, claimed_until: 0 })
          .where('session_hash', '=', sessionHash)
          .where('source', '=', to.source)
          .where('expires', '>', store.now())
          .executeTakeFirst();
        if (done.numUpdatedRows === 0n) return false;
        await trx.insertInto('sallyport_logins').values(fromRow(to)).execute();
        changed('login', 'changed', sessionHash);
        changed('login', 'added', to.sessionHash);
        return true;
      });
    },
    touch: (source, subject) =>
      store.write(async (trx, changed) => {
        const rows = await trx
          .selectFrom('sallyport_logins')
          .select('session_hash')
          .where('source', '=', source)
          .where('subject', '=', subject)
          .execute();
        for (const { session_hash } of rows) changed('login', 'changed', session_hash);
        return rows.length;
      }),
    remove: (sessionHash) =>
      store.write(async (trx, changed) => {
        const done = await trx
          .deleteFrom('sallyport_logins')
          .where('session_hash', '=', sessionHash)
          .executeTakeFirst();
        if (done.numDeletedRows === 0n) return false;
        changed('login', 'removed', sessionHash);
        return true;
      }),
    async list(filter, limit = 1000) {
      const rows = await store.read((db) => {
        const all = db
          .selectFrom('sallyport_logins')
          .selectAll()
          .where('expires', '>', store.now())
          .where('source', '<>', MOVED);
        const fitting = filter === undefined ? all : all.where((has) => has.and(columnsOf(filter)));
        return fitting.orderBy('created', 'desc').limit(Math.min(limit, MOST)).execute();
      });
      return rows.map(toRow);
    },
    removeAll: (filter) =>
      store.write(async (trx, changed) => {
        const rows = await trx
          .deleteFrom('sallyport_logins')
          .where((has) => has.and(columnsOf(filter)))
          .returningAll()
          .execute();
        for (const { session_hash } of rows) changed('login', 'removed', session_hash);
        return rows.map(toRow);
      }),
  };
}

/** Only what these three are asked for: a caller's object may hold more. */
function columnsOf({ source, subject, sid }: LoginFilter): LoginFilter {
  return { source, ...(subject === undefined ? {} : { subject }), ...(sid === undefined ? {} : { sid }) };
}

function fromRow({ sessionHash, source, subject, sid, content, created, expires }: LoginRow): LoginTable {
  return { session_hash: sessionHash, source, subject, sid, content, created, expires, claimed_until: 0 };
}

function toRow({ session_hash, source, subject, sid, content, created, expires }: LoginTable): LoginRow {
  return { sessionHash: session_hash, source, subject, sid, content, created, expires };
}
