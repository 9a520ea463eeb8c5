import assert from 'node:assert/strict';
import type { Claims, CommitCode } from '../../../src/guard/state.ts';
import { enter, entryClaim, expectCodes, expectLimit, LIFE, MINUTE, type Row, START, use, visit } from './support.ts';

export const clocks: readonly Row[] = [
  {
    name: 'a clock set back shuts nobody out',
    why: 'limits go on refilling, windows go on admitting',
    run: async (create) => {
      const state = await create();
      const here = { mintsPerMinute: 2, now: START };
      const a = await enter(state, here);
      await enter(state, here);
      const back = START - 24 * 60 * MINUTE;
      assert.equal(await state.commit(use(a, 1, back)), '');
      expectLimit(await state.enter(entryClaim({ ...here, now: back })));
      await enter(state, { ...here, now: back + MINUTE });
      assert.equal(await state.commit(visit(a.session, back + MINUTE, 5 * MINUTE)), '');
    },
  },
  {
    name: 'a clock set back opens nothing',
    why: 'what was used stays used, what ended stays ended, windows live no longer',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const b = await enter(state);
      assert.equal(await state.commit(use(a, 1)), '');
      await state.revoke(b.session, START + 60 * MINUTE, 'ended');
      const back = START - 24 * 60 * MINUTE;
      await expectCodes(state, [
        [use(a, 1, back), 'replayed'],
        [use(b, 1, back), 'stale'],
        [use(a, 2, back + LIFE + 1000), 'stale'],
        [visit(a.session, back + 6 * MINUTE + LIFE, 5 * MINUTE), 'entry-required'],
      ]);
    },
  },
  {
    name: 'a request held up does not turn time back or forward',
    why: 'a slow upload is judged by the time at which it began',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const steps: (readonly [Claims, CommitCode])[] = [];
      for (let n = 1; n <= 200; n += 1) {
        steps.push([use(a, 2 * n, START + 60_000 + n), '']);
        steps.push([use(a, 2 * n - 1, START + 30_000), '']);
      }
      await expectCodes(state, [...steps, [use(a, 500, START + LIFE - 1000), '']]);
    },
  },
];
