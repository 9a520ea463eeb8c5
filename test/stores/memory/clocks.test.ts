import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileUse } from '../../../src/guard/config-use.ts';
import type { State } from '../../../src/guard/state.ts';
import { newUseResult } from '../../../src/guard/use.ts';
import { createMemoryState } from '../../../src/stores/memory/index.ts';
import { createMemoryLedger } from '../../../src/stores/memory/ledger.ts';
import { createSharedMemory, openSharedState } from '../../../src/stores/shared/index.ts';
import { enter, entryClaim, expectLimit, LIFE, MINUTE, only, START, use, visit } from '../../contract/state/support.ts';
import { cap, DAY, entry } from '../../contract/ledger/support.ts';

/** Wall clocks that are set forward, for stores that go by their own machine's time. Set back: test/contract/state/clocks.ts. */

const PLACES: readonly (readonly [name: string, open: (monotonic: () => number) => State])[] = [
  ['the memory store', (monotonic) => createMemoryState({ monotonic })],
  ['shared memory', (monotonic) => openSharedState(createSharedMemory(), { worker: 0, monotonic })],
];

for (const [name, open] of PLACES) {
  describe(`${name}, of a clock that is set forward`, () => {
    test('R67 fills no bucket, and what really passes does', async () => {
      let passed = 5;
      const state = open(() => passed);
      const here = { mintsPerMinute: 2, prefix: '198.51.100.7' };
      const page = await enter(state, here);
      await enter(state, here);
      const rule = compileUse({}, { match: `GET /${name}`, limit: { rate: '60/hour', burst: 2 } }, 'proof');
      let counter = 0;
      const call = (now: number) => {
        counter += 1;
        return state.commit({
          ...use(page, counter, now),
          ...only(visit(page.session)),
          use: rule,
          used: newUseResult(),
        });
      };
      assert.deepEqual([await call(START), await call(START), await call(START)], ['', '', 'limit']);
      const ahead = START + 30 * DAY;
      assert.equal(await call(ahead), 'limit');
      expectLimit(await state.enter(entryClaim({ ...here, now: ahead })));
      passed += MINUTE;
      assert.deepEqual([await call(ahead + MINUTE), await call(ahead + MINUTE)], ['', 'limit'], 'one a minute');
      await enter(state, { ...here, now: ahead + MINUTE });
      assert.equal(await call(ahead + 2 * MINUTE - 500), 'limit', 'a clock that runs too fast gains nothing either');
    });

    test('R48 shuts nobody out: windows and sessions live as long as they would have, and no longer', async () => {
      let passed = 5;
      const state = open(() => passed);
      const page = await enter(state);
      const ahead = START + 30 * DAY;
      assert.equal(await state.commit(use(page, 1, ahead)), '');
      assert.equal(await state.commit(visit(page.session, ahead, 5 * MINUTE)), '');
      assert.equal(await state.commit(use(page, 1, ahead)), 'replayed');
      passed += LIFE + 1000;
      assert.equal(await state.commit(use(page, 2, ahead + LIFE + 1000)), 'stale');
    });

    test('a clock that was set forward and back again has lost no time', async () => {
      let passed = 5;
      const state = open(() => passed);
      const page = await enter(state);
      assert.equal(await state.commit(use(page, 1, START + 30 * DAY)), '');
      passed += LIFE / 2;
      assert.equal(await state.commit(use(page, 2, START + LIFE / 2)), '');
      passed += LIFE / 2 + 1000;
      assert.equal(await state.commit(use(page, 3, START + LIFE + 1000)), 'stale');
    });
  });
}

test('R68 a clock that is set forward opens no budget in memory, and a day that has passed does', async () => {
  let passed = 5;
  const ledger = createMemoryLedger(() => passed);
  const take = async (now: number): Promise<boolean> => (await ledger.reserve([entry(100, cap())], now)).short === null;
  assert.deepEqual([await take(START), await take(START)], [true, false]);
  assert.equal(await take(START + 3 * DAY), false);
  passed += 2 * DAY;
  assert.equal(await take(START + 5 * DAY), true);
});
