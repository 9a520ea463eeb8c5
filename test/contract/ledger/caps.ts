import assert from 'node:assert/strict';
import { calls, cap, DAY, entry, HOUR, type LedgerRow, take } from './support.ts';

const DAILY = cap();

export const caps: readonly LedgerRow[] = [
  {
    name: 'what is there can be spent, and nothing more',
    why: 'R68 a cap is a cap',
    async run(setting) {
      assert.equal(await calls(setting, () => [entry(10, DAILY)]), 10);
      assert.equal(await take(setting, entry(1, DAILY)), null);
      assert.deepEqual(await setting.ledger.spent([DAILY], setting.clock.now), [100]);
    },
  },
  {
    name: 'payers have accounts of their own',
    why: 'R68 nobody pays for somebody else',
    async run(setting) {
      const per = cap({ name: 'per session' });
      assert.equal(await calls(setting, () => [entry(50, per, 'ada')]), 2);
      assert.equal(await calls(setting, () => [entry(50, per, 'ben')]), 2);
    },
  },
  {
    name: 'of several accounts all give, or none',
    why: 'R68 what one budget refuses costs no other anything',
    async run(setting) {
      const small = cap({ name: 'small', amount: 10 });
      assert.equal(await take(setting, entry(20, DAILY), entry(20, small)), null);
      assert.deepEqual(await setting.ledger.spent([DAILY, small], setting.clock.now), [0, 0]);
      assert.notEqual(await take(setting, entry(10, DAILY), entry(10, small)), null);
    },
  },
  {
    name: 'a refusal says when there will be room, and then there is',
    why: 'R68 who comes again in time is not refused again',
    async run(setting) {
      const { clock, ledger } = setting;
      clock.now = Math.ceil(clock.now / HOUR) * HOUR;
      await take(setting, entry(60, DAILY));
      clock.now += HOUR;
      await take(setting, entry(40, DAILY));
      const wanted = entry(50, DAILY);
      const found = await ledger.reserve([wanted], clock.now);
      assert.ok(found.short !== null);
      assert.equal(found.short, DAILY);
      assert.equal(found.retryAfter, 24 * 3600, 'the hour of the 60 has to lie a whole day back');
      clock.now += found.retryAfter * 1000 - 1000;
      assert.equal(await take(setting, wanted), null);
      clock.now += 1000;
      assert.notEqual(await take(setting, wanted), null);
    },
  },
  {
    name: 'what can never fit is refused with the whole span',
    why: 'R68 a call larger than its budget is no fault of the clock',
    async run({ ledger, clock }) {
      const found = await ledger.reserve([entry(101, DAILY)], clock.now);
      assert.ok(found.short !== null);
      assert.equal(found.retryAfter, DAY / 1000);
    },
  },
  {
    name: 'no window of the span, wherever it begins, holds more than the amount',
    why: 'R68 windows roll: midnight opens nothing',
    async run(setting) {
      const spends: number[] = [];
      for (let step = 0; step < 150; step++) {
        for (let passed = await calls(setting, () => [entry(25, DAILY)], 2); passed > 0; passed--)
          spends.push(setting.clock.now);
        setting.clock.now += 37 * 60_000;
      }
      assert.ok(spends.length >= 8, 'it opens again');
      for (const end of spends) {
        const held = spends.filter((at) => at > end - DAY && at <= end);
        assert.ok(held.length <= 4, `${held.length * 25} in the day before ${end}`);
      }
    },
  },
  {
    name: 'what is given back can be spent again',
    why: 'R68 a call that cost less costs others nothing',
    async run(setting) {
      const taken = await take(setting, entry(100, DAILY));
      assert.ok(taken !== null);
      setting.ledger.giveBack(taken, 70);
      assert.equal(await calls(setting, () => [entry(10, DAILY)]), 7);
    },
  },
  {
    name: 'what is given back late is given back to its own hour',
    why: 'R68 money of a window that is over is nobody’s',
    async run(setting) {
      const { clock, ledger } = setting;
      const early = await take(setting, entry(100, DAILY));
      assert.ok(early !== null);
      clock.now += 26 * HOUR;
      assert.notEqual(await take(setting, entry(100, DAILY)), null);
      ledger.giveBack(early, 100);
      assert.equal(await take(setting, entry(1, DAILY)), null);
    },
  },
  {
    name: 'what was spent on top counts, and closes the budget',
    why: 'R68 an answer that cost more is not forgotten',
    async run(setting) {
      const taken = await take(setting, entry(50, DAILY));
      assert.ok(taken !== null);
      setting.ledger.giveBack(taken, -60);
      assert.equal(await take(setting, entry(1, DAILY)), null);
      assert.deepEqual(await setting.ledger.spent([DAILY], setting.clock.now), [110]);
    },
  },
  {
    name: 'whoever changes the amount has not forgotten what was spent',
    why: 'R68 a new configuration is no new day',
    async run(setting) {
      await take(setting, entry(90, DAILY));
      assert.equal(await calls(setting, () => [entry(10, cap({ amount: 120 }))]), 3);
      assert.equal(await take(setting, entry(1, cap({ amount: 50 }))), null);
    },
  },
  {
    name: 'a hundred calls at once from two processes are as many as there is money for',
    why: 'P2.1 a cap holds under any concurrency, in any number of processes',
    shared: true,
    async run({ ledger, clock, again }) {
      const other = await again();
      const found = await Promise.all(
        Array.from({ length: 100 }, (_, at) =>
          take(
            { ledger: at % 2 === 0 ? ledger : other, clock },
            entry(2, DAILY),
            entry(2, cap({ name: 'x' }), `${at}`),
          ),
        ),
      );
      assert.equal(found.filter((one) => one !== null).length, 50);
      assert.deepEqual(await other.spent([DAILY], clock.now), [100]);
    },
  },
  {
    name: 'a restart forgets nothing, and what nobody gave back stays spent',
    why: 'P2.1 a kill costs what was in flight, and opens nothing',
    shared: true,
    async run({ ledger, clock, again }) {
      assert.equal(await calls({ ledger, clock }, () => [entry(30, DAILY)]), 3);
      assert.equal(await calls({ ledger: await again(), clock }, () => [entry(10, DAILY)]), 1);
    },
  },
];
