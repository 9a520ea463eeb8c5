import { enter, entryClaim, expectLimit, MINUTE, type Row, START } from './support.ts';

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
    name: 'a limit of nothing admits nobody new',
    why: 'closing the door to new visitors is a setting',
    run: async (create) => {
      const state = await create();
      expectLimit(await state.enter(entryClaim({ mintsPerMinute: 0 })));
    },
  },
];
