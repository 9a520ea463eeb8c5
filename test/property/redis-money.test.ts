import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cap, Entry, Ledger } from '../../src/guard/ledger.ts';
import { createMemoryLedger } from '../../src/stores/memory/ledger.ts';
import { createRedisLedger } from '../../src/stores/redis/ledger.ts';
import { testRunner } from '../stores/redis/support.ts';
import { startRedis } from '../support/redis.ts';

const SPAN = 86_400_000;
const WHOLE: Cap = { name: 'whole', span: SPAN, amount: 1_000_000_000_000_000, even: false, share: null };
const EVEN: Cap = { name: 'even', span: SPAN / 24, amount: 700, even: true, share: null };
const PREFIX: Cap = { name: 'prefix', span: SPAN, amount: 1, even: false, share: { part: 0.1, of: WHOLE } };

const step = fc.record({
  wait: fc.integer({ min: 2000, max: SPAN / 8 }),
  amount: fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 400_000_000_000_000 })),
  prefix: fc.integer({ min: 0, max: 3 }),
  even: fc.boolean(),
  /** Of the calls so far, which gives back so much of its amount; above 1 it was spent on top. */
  settles: fc.option(fc.record({ which: fc.nat(20), part: fc.double({ min: 0, max: 2, noNaN: true }) })),
});

test('R68 the server’s own language counts money as this one does, up to the largest amounts', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const runner = testRunner(server.url);
  context.after(() => runner.close());
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      runs += 1;
      const redis = createRedisLedger(runner, {
        secret: 'a secret',
        prefix: `run-${runs}:`,
        callersTime: true,
        settle: 0,
      });
      const ledgers = [createMemoryLedger(null), redis];
      const taken: { readonly amount: number; readonly entries: readonly (readonly Entry[])[] }[] = [];
      // Memory counts time from its first call on: at the start of a day, slots begin for both at once.
      let now = 20_000 * SPAN;
      for (const ledger of ledgers) await ledger.reserve([], now);
      try {
        for (const { wait, amount, prefix, even, settles } of steps) {
          now += wait;
          const entriesOf = (): Entry[] => [
            { cap: PREFIX, payer: `192.0.2.${prefix}`, amount, slot: 0 },
            ...(even ? [{ cap: EVEN, payer: '', amount, slot: 0 }] : []),
            { cap: WHOLE, payer: '', amount, slot: 0 },
          ];
          const both = ledgers.map((ledger) => ({ ledger, entries: entriesOf() }));
          const found = await Promise.all(both.map(({ ledger, entries }) => ledger.reserve(entries, now)));
          assert.deepEqual(found[1], found[0]);
          if (found[0]?.short === null) taken.push({ amount, entries: both.map(({ entries }) => entries) });
          const settled = settles === null ? undefined : taken[settles.which];
          if (settled === undefined || settles === null) continue;
          const back = Math.floor(settled.amount * (1 - settles.part));
          for (const [at, ledger] of ledgers.entries()) ledger.giveBack(settled.entries[at] ?? [], back);
          assert.deepEqual(await spentBy(redis, now), await spentBy(ledgers[0], now));
        }
      } finally {
        await redis.close();
      }
    }),
    { numRuns: 40 },
  );
});

/** Once what was given back is written down: the next step comes after it. */
async function spentBy(ledger: Ledger | undefined, now: number): Promise<readonly number[] | undefined> {
  await ledger?.reserve([], now);
  return ledger?.spent([WHOLE, EVEN], now);
}
