import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { RecordsError } from '../../../src/guard/records.ts';
import { collect, login, newKey, type Row, sessionHash } from './support.ts';

export const changes: readonly Row[] = [
  {
    name: 'changes are told in their order, and what changes nothing is not',
    why: 'caches forget exactly what they must',
    async run({ records }) {
      const told = collect(records);
      const put = login();
      await records.logins.put(put);
      await records.logins.replace(put.sessionHash, new Uint8Array([1]), put.expires);
      await records.logins.claim(put.sessionHash, put.expires);
      await records.logins.remove(sessionHash());
      await records.logins.remove(put.sessionHash);
      await records.attempts.add('account:ada', 1000);
      const ban = await records.bans.add({ kind: 'key', value: 'k', reason: '', by: 'admin', until: 0 });
      await told.until(4);
      assert.deepEqual(told.seen, [
        { kind: 'login', action: 'added', ref: put.sessionHash },
        { kind: 'login', action: 'changed', ref: put.sessionHash },
        { kind: 'login', action: 'removed', ref: put.sessionHash },
        { kind: 'ban', action: 'added', ref: ban.id },
      ]);
    },
  },
  {
    name: 'R18 R69 what another process changes becomes known',
    why: 'a revocation has to hold on every instance',
    shared: true,
    async run({ records, again }) {
      const told = collect(records);
      const other = await again();
      await other.keys.addAccount({ id: 'partner', name: '', contact: '' });
      const key = await other.keys.issue(newKey());
      await other.keys.revoke(key.id);
      await other.users.set({ source: 'a', subject: 'b', blocked: true, reason: '', by: '', until: 0 });
      await told.until(4);
      assert.deepEqual(told.seen, [
        { kind: 'account', action: 'added', ref: 'partner' },
        { kind: 'key', action: 'added', ref: key.id },
        { kind: 'key', action: 'changed', ref: key.id },
        { kind: 'user', action: 'changed', ref: 'a:b' },
      ]);
      assert.ok(records.lag() < 5000);
    },
  },
  {
    name: 'changes of many processes at once are all told, each once',
    why: 'ids that become visible out of order would hide a revocation for good',
    shared: true,
    async run({ records, again }) {
      const told = collect(records);
      const others = [await again(), await again(), await again()];
      const hashes = Array.from({ length: 60 }, () => sessionHash());
      await Promise.all(hashes.map((hash, at) => (others[at % 3] ?? records).logins.put(login({ sessionHash: hash }))));
      await told.until(60);
      assert.deepEqual(told.seen.map(({ ref }) => ref).sort(), [...hashes].sort());
    },
  },
  {
    name: 'a thousand logins end at once, and each is told',
    why: 'one statement takes only so many values',
    async run({ records }) {
      const told = collect(records);
      for (let made = 0; made < 1050; made++) await records.logins.put(login());
      const removed = await records.logins.removeAll({ source: 'accounts' });
      assert.equal(removed.length, 1050);
      await told.until(2100);
      const refs = told.seen.filter(({ action }) => action === 'removed').map(({ ref }) => ref);
      assert.deepEqual(new Set(refs), new Set(removed.map((row) => row.sessionHash)));
    },
  },
  {
    name: 'who stops listening hears nothing more',
    why: 'a listener that is gone must not be kept alive',
    async run({ records }) {
      const first: string[] = [];
      const stop = records.onChange(({ ref }) => first.push(ref));
      const second = collect(records);
      stop();
      const put = login();
      await records.logins.put(put);
      await second.until(1);
      assert.deepEqual(first, []);
    },
  },
  {
    name: 'what was closed says so',
    why: 'a late call at the end is no defect of the database',
    async run({ records }) {
      await records.close();
      const closed = (error: unknown) => error instanceof RecordsError && error.code === 'closed';
      await assert.rejects(records.logins.get(sessionHash()), closed);
      await assert.rejects(records.bans.add({ kind: 'key', value: '', reason: '', by: '', until: 0 }), closed);
      await records.close();
    },
  },
  {
    name: 'what others keep beside it is reached by the same connection',
    why: 'accounts bring tables of their own',
    async run({ records }) {
      const { db } = records.sql;
      await sql`create table others (name text, at bigint)`.execute(db);
      await sql`insert into others values (${'ada'}, ${1_790_000_000_000})`.execute(db);
      const { rows } = await sql<{ name: string; at: number }>`select name, at from others`.execute(db);
      assert.deepEqual(rows, [{ name: 'ada', at: 1_790_000_000_000 }]);
    },
  },
  {
    name: 'what was written is there for who opens it again',
    why: 'that is what records are for',
    shared: true,
    async run({ records, again }) {
      const put = login();
      await records.logins.put(put);
      await records.close();
      const later = await again();
      assert.equal((await later.logins.get(put.sessionHash))?.subject, 'ada');
      await sql`update sallyport_schema set version = 999`.execute(later.sql.db);
      await assert.rejects(again(), /made by a later Sallyport \(schema 999, this one knows \d+\); start that version/);
    },
  },
];
