import assert from 'node:assert/strict';
import type { SessionRef } from '../../../src/guard/state.ts';
import { type Entered, enter, expectCodes, type Row, START, use, visit } from './support.ts';

export const bounds: readonly Row[] = [
  {
    name: 'R67 a full table takes from the prefix with the most sessions, its idlest first',
    why: 'a farm pays for the room it takes, not the people elsewhere',
    run: async (create) => {
      const state = await create({ entries: 64, sessions: 6 });
      const at = (second: number) => START + second * 1000;
      const person = await enter(state, { now: at(0) });
      const farm: Entered[] = [];
      for (let n = 0; n < 5; n += 1) farm.push(await enter(state, { now: at(1 + n), prefix: '198.51.100.66' }));
      await state.commit(visit(session(farm, 0), at(120)));
      await state.commit(visit(session(farm, 2), at(121)));
      await enter(state, { now: at(122), prefix: '203.0.113.5' });
      await expectCodes(state, [
        [visit(session(farm, 1), at(122)), 'entry-required'],
        [visit(person.session, at(122)), ''],
        [visit(session(farm, 0), at(122)), ''],
      ]);
      await enter(state, { now: at(123), prefix: '203.0.113.6' });
      await expectCodes(state, [
        [visit(session(farm, 3), at(123)), 'entry-required'],
        [use(person, 1, at(123)), ''],
        [visit(session(farm, 2), at(123)), ''],
        [visit(session(farm, 4), at(123)), ''],
      ]);
      assert.equal((await state.usage()).sessions, 6);
    },
  },
  {
    name: 'R48 what was evicted is stale, and its place under a new entry does not know it',
    why: 'an eviction costs an entry, never a replay',
    run: async (create) => {
      const state = await create({ entries: 2, sessions: 2 });
      const a = await enter(state);
      assert.equal(await state.commit(use(a, 1)), '');
      for (let n = 1; n <= 4; n += 1) await enter(state, { now: START + n * 1000 });
      await expectCodes(state, [
        [use(a, 1, START + 5000), 'stale'],
        [use(a, 2, START + 5000), 'stale'],
      ]);
      const usage = await state.usage();
      assert.ok(usage.entries <= 2 && usage.sessions <= 2, `${usage.entries} entries, ${usage.sessions} sessions`);
    },
  },
  {
    name: 'R67 one session cannot fill the table by entering again and again',
    why: 'an entry into a living session is no mint',
    run: async (create) => {
      const state = await create({ entries: 1000, sessions: 100 });
      const person = await enter(state, { prefix: '203.0.113.1' });
      const { session: greedy } = await enter(state);
      for (let n = 0; n < 2000; n += 1) await enter(state, { session: greedy });
      assert.equal(await state.commit(use(person, 1)), '');
      const last = await enter(state, { session: greedy });
      assert.equal(await state.commit(use(last, 1)), '');
    },
  },
];

function session(entered: readonly Entered[], index: number): SessionRef {
  const found = entered[index];
  assert.ok(found);
  return found.session;
}
