import assert from 'node:assert/strict';
import { DAY, login, type Row, START } from './support.ts';

export const logins: readonly Row[] = [
  {
    name: 'a login comes back as it was put',
    why: 'its content is sealed: one byte more or less opens no more',
    async run({ records }) {
      const put = login({ content: new Uint8Array(Array.from({ length: 256 }, (_, byte) => byte)), sid: 'provider-1' });
      await records.logins.put(put);
      const found = await records.logins.get(put.sessionHash);
      assert.deepEqual({ ...found, content: [...(found?.content ?? [])] }, { ...put, content: [...put.content] });
      assert.equal(await records.logins.get(login().sessionHash), null);
    },
  },
  {
    name: 'R15 a session id itself is refused',
    why: 'who reads the database must not be able to use what is in it',
    async run({ records }) {
      await assert.rejects(records.logins.put(login({ sessionHash: 'a1b2c3' })), TypeError);
      assert.deepEqual(await records.logins.list(), []);
    },
  },
  {
    name: 'R17 a login ends when it expires, whether it was purged or not',
    why: 'nothing may depend on when a broom comes by',
    async run({ records, clock }) {
      const short = login({ expires: START + 1000 });
      await records.logins.put(short);
      await records.logins.put(login());
      clock.now = START + 1000;
      assert.equal(await records.logins.get(short.sessionHash), null);
      assert.equal((await records.logins.list()).length, 1);
      assert.equal(await records.logins.replace(short.sessionHash, new Uint8Array([1]), START + DAY), false);
      await records.purge();
      clock.now = START;
      assert.equal(await records.logins.get(short.sessionHash), null, 'purged for good');
    },
  },
  {
    name: 'replace renews what is there and makes nothing anew',
    why: 'a refresh that comes back after a logout must not bring the login back',
    async run({ records }) {
      const put = login();
      await records.logins.put(put);
      assert.equal(await records.logins.replace(put.sessionHash, new Uint8Array([7]), START + 2 * DAY), true);
      const found = await records.logins.get(put.sessionHash);
      assert.deepEqual([...(found?.content ?? [])], [7]);
      assert.equal(found?.expires, START + 2 * DAY);
      assert.equal(await records.logins.remove(put.sessionHash), true);
      assert.equal(await records.logins.replace(put.sessionHash, new Uint8Array([8]), START + 3 * DAY), false);
      assert.equal(await records.logins.get(put.sessionHash), null);
      assert.equal(await records.logins.remove(put.sessionHash), false);
    },
  },
  {
    name: 'R16 a login moves to another session for one caller alone, and leaves word where it went',
    why: 'of two tabs that enter at once one makes the new session, and the other finds it',
    async run({ records }) {
      const [old, to, other] = [login(), login(), login()];
      await records.logins.put(old);
      const left = new Uint8Array([9]);
      const moves = [to, other].map((next) => records.logins.move(old.sessionHash, next, left, START + 1000));
      const [first, second] = await Promise.all(moves);
      assert.notEqual(first, second);
      const [taken, not] = first ? [to, other] : [other, to];
      assert.ok(await records.logins.get(taken.sessionHash));
      assert.equal(await records.logins.get(not.sessionHash), null);
      assert.deepEqual([...((await records.logins.get(old.sessionHash))?.content ?? [])], [9]);
      const filter = { source: old.source, subject: old.subject };
      assert.deepEqual(
        (await records.logins.list(filter)).map(({ sessionHash }) => sessionHash),
        [taken.sessionHash],
        'what is left is nobody’s login',
      );
      assert.equal((await records.logins.removeAll(filter)).length, 1);
      assert.equal(await records.logins.move(login().sessionHash, login(), left, START + 1000), false, 'none there');
      await assert.rejects(records.logins.move(old.sessionHash, login({ sessionHash: 'x' }), left, START), TypeError);
    },
  },
  {
    name: 'R16 touch tells of each login of one person, and changes none',
    why: 'what a person may do is asked anew wherever a login is kept in memory',
    async run({ records }) {
      const mine = [login({ subject: 'eve' }), login({ subject: 'eve' })];
      for (const put of [...mine, login({ subject: 'other' })]) await records.logins.put(put);
      const told: string[] = [];
      const done = new Promise<void>((resolve) =>
        records.onChange(({ kind, action, ref }) => {
          if (kind === 'login' && action === 'changed' && told.push(ref) === 2) resolve();
        }),
      );
      assert.equal(await records.logins.touch(mine[0]?.source ?? '', 'eve'), 2);
      await done;
      assert.deepEqual(told.sort(), mine.map(({ sessionHash }) => sessionHash).sort());
    },
  },
  {
    name: 'R60 one alone may renew a login at a time',
    why: 'a refresh token that is used twice ends the whole grant',
    async run({ records, clock }) {
      const put = login();
      await records.logins.put(put);
      const claims = await Promise.all(
        Array.from({ length: 8 }, () => records.logins.claim(put.sessionHash, START + 5000)),
      );
      assert.equal(claims.filter((won) => won).length, 1);
      clock.now = START + 5000;
      assert.equal(await records.logins.claim(put.sessionHash, START + 9000), true, 'who never came back loses it');
      await records.logins.replace(put.sessionHash, new Uint8Array([1]), START + DAY);
      assert.equal(await records.logins.claim(put.sessionHash, START + 9000), true, 'a renewal gives it back');
    },
  },
  {
    name: 'R19 all logins of a subject go at once, and no others',
    why: 'an administrator ends a user’s sessions',
    async run({ records }) {
      const first = login({ created: START });
      const second = login({ created: START + 1 });
      const others = [login({ subject: 'bob' }), login({ source: 'provider' })];
      for (const each of [first, second, ...others]) await records.logins.put(each);
      const listed = await records.logins.list({ source: 'accounts', subject: 'ada' });
      assert.deepEqual(
        listed.map((row) => row.sessionHash),
        [second.sessionHash, first.sessionHash],
      );
      const removed = await records.logins.removeAll({ source: 'accounts', subject: 'ada' });
      assert.deepEqual(removed.map((row) => row.sessionHash).sort(), [first.sessionHash, second.sessionHash].sort());
      assert.equal((await records.logins.list()).length, 2);
    },
  },
  {
    name: 'R61 a provider’s session is found by its sid',
    why: 'back-channel logout names nothing else',
    async run({ records }) {
      const meant = login({ source: 'provider', sid: 's-1' });
      for (const each of [meant, login({ source: 'provider', sid: 's-2' }), login({ source: 'other', sid: 's-1' })]) {
        await records.logins.put(each);
      }
      const removed = await records.logins.removeAll({ source: 'provider', sid: 's-1' });
      assert.deepEqual(
        removed.map((row) => row.sessionHash),
        [meant.sessionHash],
      );
      assert.equal((await records.logins.list()).length, 2);
    },
  },
];
