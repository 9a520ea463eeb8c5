import assert from 'node:assert/strict';
import { enter, expectCodes, LIFE, MINUTE, only, type Row, START, use, visit } from './support.ts';

export const windows: readonly Row[] = [
  {
    name: 'R42 a counter is admitted once',
    why: 'a captured request sent again is what the window is for',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [use(a, 1), ''],
        [use(a, 1), 'replayed'],
        [use(a, 2), ''],
        [use(a, 1), 'replayed'],
        [use(a, 2), 'replayed'],
      ]);
    },
  },
  {
    name: 'R42 counters inside the window are admitted in any order',
    why: 'HTTP/2 streams and slow uploads overtake one another',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [use(a, 1024), ''],
        [use(a, 3), ''],
        [use(a, 1023), ''],
        [use(a, 1), ''],
        [use(a, 3), 'replayed'],
        [use(a, 1024), 'replayed'],
      ]);
    },
  },
  {
    name: 'R42 a counter below the window is refused, however often it is tried',
    why: 'nobody knows any more whether it was used; the script signs again with a fresh one',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [use(a, 2000), ''],
        [use(a, 977), ''],
        [use(a, 976), 'stale-nonce'],
        [use(a, 976), 'stale-nonce'],
        [use(a, 977), 'replayed'],
      ]);
    },
  },
  {
    name: 'R44 the window holds 1,024 counters to the very edge',
    why: 'one off here is a replay or a lost call',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [use(a, 1), ''],
        [use(a, 1024), ''],
        [use(a, 1), 'replayed'],
        [use(a, 1025), ''],
        [use(a, 1), 'stale-nonce'],
        [use(a, 2), ''],
        [use(a, 2048), ''],
        [use(a, 1024), 'stale-nonce'],
        [use(a, 1025), 'replayed'],
        [use(a, 1026), ''],
      ]);
    },
  },
  {
    name: 'R42 counters near 2^53 behave as all others, and nothing beyond is a counter',
    why: 'numbers beyond cannot be told apart; an overflow forces a new key',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const last = Number.MAX_SAFE_INTEGER;
      await expectCodes(state, [
        [use(a, last - 5), ''],
        [use(a, last - 1028), ''],
        [use(a, last), ''],
        [use(a, last - 1), ''],
        [use(a, last), 'replayed'],
        [use(a, last - 1), 'replayed'],
        [use(a, last - 5), 'replayed'],
        [use(a, last - 1024), 'stale-nonce'],
        [use(a, last - 1023), ''],
        [use(a, last + 1), 'stale'],
        [use(a, last * 4), 'stale'],
      ]);
    },
  },
  {
    name: 'what is no counter is refused and takes nothing',
    why: 'the parser refuses these first; a store does not rely on it',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      for (const nonce of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
        assert.equal(await state.commit(use(a, nonce)), 'stale');
      assert.equal(await state.commit(use(a, 1)), '');
    },
  },
  {
    name: 'R43 a refused request does not move the window',
    why: 'otherwise a forged request could shut the page out',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const b = await enter(state);
      await state.revoke(b.session, START + MINUTE, 'ended');
      await expectCodes(state, [
        [use(a, 10), ''],
        [{ ...use(a, 5000), windowIdLow: a.idLow + 1 }, 'stale'],
        [{ ...use(a, 5000), ...only(visit(b.session)) }, 'stale'],
        [{ ...use(a, 5000), redirectTarget: 'GET /x\n', redirectSignature: 's' }, 'replayed'],
        [use(a, 11), ''],
        [use(a, 5000), ''],
      ]);
    },
  },
  {
    name: 'R38 a window belongs to one entry',
    why: 'a ticket names its window by place and id; a place used again has another id',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      const b = await enter(state);
      await expectCodes(state, [
        [{ ...use(a, 1), windowPlace: b.place }, 'stale'],
        [{ ...use(a, 1), windowPlace: 2 ** 31 }, 'stale'],
        [{ ...use(a, 1), windowIdHigh: 0, windowIdLow: 0 }, 'stale'],
        [use(b, 1), ''],
        [use(a, 1), ''],
      ]);
    },
  },
  {
    name: 'R48 a window is made by an entry and by nothing else',
    why: 'a store that starts empty must take no request from before, or each would be admitted once more',
    run: async (create) => {
      const before = await create();
      const a = await enter(before);
      assert.equal(await before.commit(use(a, 1)), '');
      const after = await create();
      await expectCodes(after, [
        [use(a, 1), 'stale'],
        [use(a, 2), 'stale'],
        [use(a, 2), 'stale'],
      ]);
      const again = await enter(after, { session: a.session });
      await expectCodes(after, [
        [use(a, 2), 'stale'],
        [use(again, 1), ''],
      ]);
    },
  },
  {
    name: 'R45 a window lives as long as its entry asked for, and no longer',
    why: 'what it remembers must outlast what the ticket lets in',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [use(a, 1, START + LIFE - 1000), ''],
        [use(a, 1, START + LIFE - 1000), 'replayed'],
        [use(a, 2, START + LIFE + 1000), 'stale'],
      ]);
    },
  },
  {
    name: 'a repeatable claim may use its counter again, others may not',
    why: 'media elements ask for one URL range by range',
    run: async (create) => {
      const state = await create();
      const a = await enter(state);
      await expectCodes(state, [
        [{ ...use(a, 7), repeatable: true }, ''],
        [{ ...use(a, 7), repeatable: true }, ''],
        [use(a, 7), 'replayed'],
        [use(a, 4000), ''],
        [{ ...use(a, 7), repeatable: true }, 'stale-nonce'],
      ]);
    },
  },
];
