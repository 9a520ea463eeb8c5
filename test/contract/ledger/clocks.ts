import assert from 'node:assert/strict';
import { calls, cap, DAY, entry, HOUR, type LedgerRow, take } from './support.ts';

const DAILY = cap();

export const clocks: readonly LedgerRow[] = [
  {
    name: 'a clock that is set back opens nothing, and shuts nothing for longer than a span',
    why: 'R68 clock jumps neither lock out nor open',
    async run(setting) {
      const { clock } = setting;
      await take(setting, entry(100, DAILY));
      clock.now -= 400 * DAY;
      assert.equal(await take(setting, entry(1, DAILY)), null);
      clock.now += DAY - HOUR;
      assert.equal(await take(setting, entry(1, DAILY)), null);
      clock.now += 2 * HOUR;
      assert.equal(await calls(setting, () => [entry(50, DAILY)]), 2);
    },
  },
  {
    name: 'for a clock that is a little behind time stands still',
    why: 'R68 siblings’ clocks differ by seconds: none of them ages what was spent',
    async run(setting) {
      const { clock } = setting;
      await take(setting, entry(60, DAILY));
      for (let turn = 0; turn < 200; turn++) {
        clock.now += turn % 2 === 0 ? -50_000 : 50_000;
        await take(setting, entry(50, DAILY));
      }
      assert.equal(await take(setting, entry(50, DAILY)), null);
      assert.notEqual(await take(setting, entry(40, DAILY)), null);
    },
  },
];
