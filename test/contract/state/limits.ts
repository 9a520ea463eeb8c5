import assert from 'node:assert/strict';
import { enter, entryClaim, expectLimit, MINUTE, type Row, START, use } from './support.ts';

export const limits: readonly Row[] = [
  {
    name: 'R67 new sessions are limited per network prefix, with a wait of at most 20 s, and neighbours feel nothing',
    why: 'who farms sessions makes only new visitors of that address wait',
    run: async (create) => {
      const state = await create();
      const here = { mintsPerMinute: 3, prefix: '198.51.100.7' };
      const session = (await enter(state, here)).session;
      await enter(state, here);
      await enter(state, here);
      expectLimit(await state.enter(entryClaim(here)));
      await enter(state, { ...here, session });
      await enter(state, { ...here, prefix: '198.51.100.8' });
      expectLimit(await state.enter(entryClaim({ ...here, now: START + 15_000 })));
      await enter(state, { ...here, now: START + 20_000 });
      expectLimit(await state.enter(entryClaim({ ...here, now: START + 20_000 })));
    },
  },
  {
    name: 'R67 a whole allowance is there again after a minute, never more',
    why: 'a quiet prefix does not save up',
    run: async (create) => {
      const state = await create();
      for (const minute of [0, 1, 60]) {
        const here = { mintsPerMinute: 5, now: START + minute * MINUTE };
        for (let mint = 0; mint < 5; mint += 1) await enter(state, here);
        expectLimit(await state.enter(entryClaim(here)));
      }
    },
  },
  {
    name: 'R67 what was spent is still spent when the minute turns',
    why: 'a limit that starts afresh with the clock lets in twice as many',
    run: async (create) => {
      const state = await create();
      await enter(state, { prefix: '203.0.113.77' });
      const here = { mintsPerMinute: 4 };
      for (let mint = 0; mint < 4; mint += 1) await enter(state, { ...here, now: START + 59_900 });
      for (const second of [60, 61, 70, 74]) {
        expectLimit(await state.enter(entryClaim({ ...here, now: START + second * 1000 })));
      }
      await enter(state, { ...here, now: START + 75_000 });
      expectLimit(await state.enter(entryClaim({ ...here, now: START + 75_000 })));
    },
  },
  {
    name: 'R67 new sessions are limited in total',
    why: 'many prefixes together must not flood the state',
    run: async (create) => {
      const state = await create();
      for (let mint = 0; mint < 4; mint += 1)
        await enter(state, { prefix: `203.0.113.${mint}`, mintsPerMinuteTotal: 4 });
      expectLimit(await state.enter(entryClaim({ prefix: '203.0.113.9', mintsPerMinuteTotal: 4 })));
      await enter(state, { prefix: '203.0.113.9', mintsPerMinuteTotal: 4, now: START + 15_000 });
    },
  },
  {
    name: 'R67 a session that lives is entered so often and no more, with a wait of at most 20 s; its neighbours feel nothing',
    why: 'each entry costs a key agreement, and one session must not buy them without end',
    run: async (create) => {
      const state = await create();
      const { session } = await enter(state);
      const again = (now: number) => ({ session, entriesPerMinute: 6, now });
      for (let entry = 0; entry < 12; entry += 1) await enter(state, again(START));
      expectLimit(await state.enter(entryClaim(again(START))));
      expectLimit(await state.enter(entryClaim(again(START + 9000))));
      await enter(state, { ...again(START), session: (await enter(state)).session });
      await enter(state, again(START + 10_000));
      expectLimit(await state.enter(entryClaim(again(START + 10_000))));
      for (let entry = 0; entry < 12; entry += 1) await enter(state, again(START + 10 * MINUTE));
      expectLimit(await state.enter(entryClaim(again(START + 10 * MINUTE))));
    },
  },
  {
    name: 'R67 what a session was refused costs it nothing, and what it had stays',
    why: 'a page that asks in vain must not have to wait the longer for it, nor lose the windows of its other tabs',
    run: async (create) => {
      const state = await create();
      const first = await enter(state);
      const again = (now: number) => ({ session: first.session, entriesPerMinute: 6, now });
      for (let entry = 0; entry < 12; entry += 1) await enter(state, again(START));
      for (let entry = 0; entry < 100; entry += 1) expectLimit(await state.enter(entryClaim(again(START))));
      assert.equal(await state.commit(use(first, 1, START)), '');
      const last = await enter(state, again(START + 10_000));
      assert.equal(await state.commit(use(last, 1, START + 10_000)), '');
    },
  },
  {
    name: 'a session that was forgotten is entered by all its pages at once',
    why: 'after a restart each open tab and worker enters, and none waits for the other',
    run: async (create) => {
      const { session } = await enter(await create());
      const state = await create();
      for (let entry = 0; entry < 60; entry += 1) await enter(state, { session, entriesPerMinute: 30 });
    },
  },
  {
    name: 'a limit of nothing admits nobody new',
    why: 'closing the door to new visitors is a setting',
    run: async (create) => {
      const state = await create();
      expectLimit(await state.enter(entryClaim({ mintsPerMinute: 0 })));
    },
  },
];
