import assert from 'node:assert/strict';
import { MINUTE, type Row, START } from './support.ts';

const ban = (changes: object = {}) => ({
  kind: 'prefix' as const,
  value: '192.0.2.1',
  reason: 'stuffing',
  by: 'admin',
  until: 0,
  ...changes,
});

export const bans: readonly Row[] = [
  {
    name: 'a ban holds until it is lifted, and is lifted once',
    why: 'undoable, and the list says who did what',
    async run({ records, clock }) {
      const made = await records.bans.add(ban());
      assert.deepEqual(await records.bans.active(), [made]);
      clock.now = START + MINUTE;
      const lifted = await records.bans.lift(made.id, 'ada');
      assert.deepEqual(lifted, { ...made, lifted: START + MINUTE, liftedBy: 'ada' });
      assert.equal(await records.bans.lift(made.id, 'bob'), null);
      assert.equal(await records.bans.lift('no such ban', 'bob'), null);
      assert.deepEqual(await records.bans.active(), []);
      assert.deepEqual(await records.bans.list(), [lifted]);
    },
  },
  {
    name: 'a ban with an end ends by itself',
    why: 'a first failure never shuts anybody out for long',
    async run({ records, clock }) {
      const short = await records.bans.add(ban({ until: START + MINUTE, kind: 'subject', value: 'accounts:ada' }));
      clock.now = START + MINUTE;
      assert.deepEqual(await records.bans.active(), []);
      assert.equal(await records.bans.lift(short.id, 'admin'), null, 'there is nothing left to lift');
      assert.equal((await records.bans.list()).length, 1);
    },
  },
  {
    name: 'users are blocked and unblocked, for a time or for good',
    why: 'by hand or by a limit, both undoable',
    async run({ records, clock }) {
      assert.equal(await records.users.get('accounts', 'ada'), null);
      const state = {
        source: 'accounts',
        subject: 'ada',
        blocked: true,
        reason: 'by hand',
        by: 'admin',
        until: START + MINUTE,
      };
      assert.deepEqual(await records.users.set(state), { ...state, changed: START });
      assert.deepEqual(await records.users.get('accounts', 'ada'), { ...state, changed: START });
      assert.equal(await records.users.get('provider', 'ada'), null);
      assert.equal((await records.users.blocked()).length, 1);
      clock.now = START + MINUTE;
      assert.equal((await records.users.get('accounts', 'ada'))?.blocked, false);
      assert.deepEqual(await records.users.blocked(), []);
      await records.users.set({ ...state, until: 0 });
      assert.equal((await records.users.get('accounts', 'ada'))?.blocked, true);
      await records.users.set({ ...state, blocked: false, until: 0 });
      assert.deepEqual(await records.users.blocked(), []);
    },
  },
  {
    name: 'attempts are counted in windows, however many come at once',
    why: 'a count that two requests can share is no limit',
    async run({ records, clock }) {
      const counts = await Promise.all(Array.from({ length: 20 }, () => records.attempts.add('account:ada', MINUTE)));
      assert.deepEqual(
        counts.map(({ count }) => count).sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, n) => n + 1),
      );
      clock.now = START + MINUTE;
      assert.equal((await records.attempts.add('account:ada', MINUTE)).count, 21, 'within the window');
      clock.now = START + 2 * MINUTE + 1;
      const anew = await records.attempts.add('account:ada', MINUTE);
      assert.deepEqual(anew, { key: 'account:ada', count: 1, first: clock.now, last: clock.now, blockedUntil: 0 });
      assert.equal(await records.attempts.get('account:bob'), null);
    },
  },
  {
    name: 'a block outlives the window it was made in, and a purge',
    why: 'waiting out the window must not open what was closed for longer',
    async run({ records, clock }) {
      await records.attempts.add('account:ada', MINUTE);
      await records.attempts.block('account:ada', START + 100_000 * MINUTE);
      await records.attempts.block('net:192.0.2.1', START + MINUTE);
      clock.now = START + 10_000 * MINUTE;
      await records.purge();
      assert.equal((await records.attempts.add('account:ada', MINUTE)).blockedUntil, START + 100_000 * MINUTE);
      assert.equal(await records.attempts.get('net:192.0.2.1'), null, 'what is over goes');
      await records.attempts.block('account:ada', 0);
      assert.equal((await records.attempts.get('account:ada'))?.blockedUntil, 0);
      await records.attempts.clear('account:ada');
      assert.equal(await records.attempts.get('account:ada'), null);
    },
  },
];
