import assert from 'node:assert/strict';
import { calls, cap, entry, HOUR, type LedgerRow } from './support.ts';

const EVEN = cap({ name: 'even', amount: 120, even: true });
const ALL = cap({ name: 'shared' });
const SHARE = cap({ name: 'shared, one prefix', share: { part: 0.1, of: ALL } });

const by = (prefix: string, amount: number) => () => [entry(amount, SHARE, prefix), entry(amount, ALL)];

export const parts: readonly LedgerRow[] = [
  {
    name: 'what was not spent may be spent at once, and from then on a twelfth in each hour',
    why: 'R68 whoever empties it empties it for an hour, not for a day',
    async run(setting) {
      assert.equal(await calls(setting, () => [entry(5, EVEN)], 12), 12, 'half of it');
      setting.clock.now += 12 * HOUR;
      assert.equal(await calls(setting, () => [entry(5, EVEN)]), 12, 'it carries over up to the amount in a day');
      setting.clock.now += 13 * HOUR;
      assert.equal(await calls(setting, () => [entry(5, EVEN)]), 12, 'the first half is a day old');
    },
  },
  {
    name: 'an hour releases a twelfth, where the window has room for more',
    why: 'R68 a total is released evenly',
    async run(setting) {
      const { clock, ledger } = setting;
      clock.now = Math.ceil(clock.now / HOUR) * HOUR;
      assert.equal(await calls(setting, () => [entry(10, EVEN)]), 12);
      // A day later all of it has left the window, and all of it has been released: the night makes up for the day.
      clock.now += 25 * HOUR;
      assert.equal(await calls(setting, () => [entry(10, EVEN)], 6), 6);
      const raised = cap({ ...EVEN, amount: 1200 });
      const found = await ledger.reserve([entry(100, raised)], clock.now);
      assert.ok(found.short !== null, 'more is allowed than has been released');
      assert.equal(found.retryAfter, 3600);
      clock.now += HOUR;
      assert.equal(await calls(setting, () => [entry(100, raised)]), 1);
      clock.now += 3 * HOUR;
      assert.equal(await calls(setting, () => [entry(100, raised)]), 3);
    },
  },
  {
    name: 'one network takes a tenth of what others have left, and each further one a tenth of the rest',
    why: 'P2.2 one client cannot empty it for all',
    async run(setting) {
      assert.equal(await calls(setting, by('192.0.2.1', 1)), 10);
      assert.equal(await calls(setting, by('192.0.2.2', 1)), 9);
      assert.equal(await calls(setting, by('192.0.2.3', 1)), 8);
      assert.equal(await calls(setting, by('192.0.2.1', 1)), 0, 'less is left since');
    },
  },
  {
    name: 'a network that has taken nothing may make one call as long as any is left',
    why: 'R68 the last of it is somebody’s',
    async run(setting) {
      for (let at = 0; at < 4; at++) assert.equal(await calls(setting, by(`192.0.2.${at}`, 25)), 1, `network ${at}`);
      assert.equal(await calls(setting, by('192.0.2.9', 25)), 0);
    },
  },
];
