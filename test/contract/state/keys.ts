import assert from 'node:assert/strict';
import type { Claims } from '../../../src/guard/state.ts';
import { enter, expectCodes, noClaims, type Row, START, use, visit } from './support.ts';

const LIFE = 130_000;
const DAY = 86_400_000;

const signed = (key: string, keyNonce: string, now = START): Claims => ({
  ...noClaims(now),
  key,
  keyNonce,
  keyNonceLife: LIFE,
});

const counted = (key: string, quotaCount: number, quotaPer: number, now = START): Claims => ({
  ...noClaims(now),
  key,
  quotaCount,
  quotaPer,
});

export const keys: readonly Row[] = [
  {
    name: 'R42 R49 a nonce of a key is taken once, and each key has its own',
    why: 'a captured request must not pass again',
    run: async (create) => {
      const state = await create();
      await expectCodes(state, [
        [signed('one', 'a'), ''],
        [signed('one', 'a'), 'replayed'],
        [signed('one', 'b'), ''],
        [signed('two', 'a'), ''],
        [signed('one', 'a', START + 1000), 'replayed'],
      ]);
    },
  },
  {
    name: 'R45 a nonce is remembered for as long as it was asked to be, whatever came in between',
    why: 'replay memory outlives acceptance',
    run: async (create) => {
      const state = await create();
      const steps: [Claims, '' | 'replayed'][] = [];
      for (let second = 0; second < 300; second += 10)
        steps.push([signed('one', `n${second}`, START + second * 1000), '']);
      await expectCodes(state, steps);
      const last = START + 290_000;
      for (let second = 290 - LIFE / 1000; second <= 290; second += 10)
        await expectCodes(state, [[signed('one', `n${second}`, last), 'replayed']]);
    },
  },
  {
    name: 'R45 a clock set back forgets no nonce',
    why: 'time that runs backwards must not open a window again',
    run: async (create) => {
      const state = await create();
      await expectCodes(state, [
        [signed('one', 'a'), ''],
        [signed('one', 'a', START - 3_600_000), 'replayed'],
        [signed('one', 'a', START - 3_599_000), 'replayed'],
      ]);
    },
  },
  {
    name: 'R67 a quota is counted in spans since 1970, for each key by itself, and refused requests count for nothing',
    why: 'two partners’ quotas do not touch each other',
    run: async (create) => {
      const state = await create();
      const midnight = START - (START % DAY) + DAY;
      await expectCodes(state, [
        [counted('one', 2, DAY), ''],
        [counted('one', 2, DAY), ''],
        [counted('one', 2, DAY), 'limit'],
        [counted('two', 2, DAY), ''],
        [counted('one', 2, DAY, midnight - 1), 'limit'],
        [counted('one', 2, DAY, midnight), ''],
        [counted('one', 2, DAY, midnight), ''],
        [counted('one', 2, DAY, midnight + 1), 'limit'],
        [counted('one', 3, DAY, midnight + 1), ''],
      ]);
    },
  },
  {
    name: 'R67 a clock set back gives no quota anew',
    why: 'who can move a clock must not get calls for it',
    run: async (create) => {
      const state = await create();
      await expectCodes(state, [
        [counted('one', 1, DAY, START + DAY), ''],
        [counted('one', 1, DAY, START), 'limit'],
        [counted('one', 1, DAY, START + DAY), 'limit'],
      ]);
    },
  },
  {
    name: 'nonce and quota are applied together or not at all',
    why: 'a refused request costs its key nothing',
    run: async (create) => {
      const state = await create();
      const both = (keyNonce: string, now = START): Claims => ({
        ...signed('one', keyNonce, now),
        quotaCount: 2,
        quotaPer: DAY,
      });
      await expectCodes(state, [
        [both('a'), ''],
        [both('a'), 'replayed'],
        [both('b'), ''],
        [both('c'), 'limit'],
        [both('c', START + DAY), ''],
      ]);
    },
  },
  {
    name: 'what a key and a session claim is applied together or not at all',
    why: 'one atomic step, whoever claims',
    run: async (create) => {
      const state = await create();
      const entered = await enter(state);
      const byBoth = (keyNonce: string, nonce: number): Claims => ({
        ...signed('one', keyNonce),
        ...only(use(entered, nonce)),
      });
      await expectCodes(state, [
        [byBoth('a', 1), ''],
        [byBoth('a', 2), 'replayed'],
        [byBoth('b', 1), 'replayed'],
        [byBoth('b', 2), ''],
      ]);
      const gone = { ...visit(entered.session), sessionIdLow: 1, ...{ key: 'one', keyNonce: 'c', keyNonceLife: LIFE } };
      await expectCodes(state, [
        [gone, 'entry-required'],
        [signed('one', 'c'), ''],
      ]);
    },
  },
  {
    name: 'R67 a key that uses more nonces than are remembered is refused, and another goes on',
    why: 'every table is bounded, and nothing is forgotten that could be replayed',
    run: async (create) => {
      const state = await create({ keyNonces: 8 });
      const codes: string[] = [];
      for (let at = 0; at < 12; at++) codes.push(await state.commit(signed('busy', `n${at}`)));
      assert.deepEqual(codes, [...Array(8).fill(''), ...Array(4).fill('limit')]);
      await expectCodes(state, [
        [signed('busy', 'n0'), 'replayed'],
        [signed('other', 'n0'), ''],
        [signed('busy', 'later', START + 2 * LIFE + 1), ''],
      ]);
    },
  },
];

const only = ({ nonce, windowPlace, windowIdHigh, windowIdLow }: Claims) => ({
  nonce,
  windowPlace,
  windowIdHigh,
  windowIdLow,
});
