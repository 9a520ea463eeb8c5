import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noClaims } from '../../../src/guard/context.ts';
import type { Claims } from '../../../src/guard/state.ts';
import { commitItem, writeCounter } from '../../../src/stores/redis/commits.ts';
import { createNames } from '../../../src/stores/redis/names.ts';
import { hex, PARTITIONS, windowPlace } from '../../../src/stores/redis/places.ts';
import { callersTimes, serverTimes } from '../../../src/stores/redis/times.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
const names = createNames('a secret of this test', PARTITIONS);

const claims: fc.Arbitrary<Claims> = fc
  .record({
    partition: fc.integer({ min: 0, max: 600 }),
    nonce: fc.oneof(
      fc.constantFrom(0, -1, 1.5, Number.NaN, 2 ** 53),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    ),
    high: word,
    low: word,
    misplaced: fc.boolean(),
    more: fc.constantFrom<Partial<Claims>>(
      {},
      { repeatable: true },
      { sessionPlace: 1, sessionIdHigh: 1, sessionIdLow: 256 },
      { redirectTarget: 'GET /x', redirectSignature: 's' },
      { entryWithin: 5 },
      { sessionClient: 2 },
      { served: [] },
      { orders: [] },
      { use: { limits: [], concurrent: [] } },
    ),
  })
  .map(({ partition, nonce, high, low, misplaced, more }) => ({
    ...noClaims(1_750_000_000_000),
    nonce,
    windowIdHigh: high,
    windowIdLow: low,
    windowPlace: windowPlace(partition, low) + (misplaced ? 512 : 0),
    ...more,
  }));

for (const [clock, times] of [
  ['the server’s time', serverTimes],
  ['the callers’ time', callersTimes()],
] as const) {
  test(`a counter that is written by hand is what any claim would be written as, by ${clock}`, () => {
    const parts = { partitions: PARTITIONS, times, names };
    let written = 0;
    fc.assert(
      fc.property(claims, (one) => {
        const quick = writeCounter(one, parts);
        if (quick === null) return;
        const item = commitItem(one, parts, '');
        if (typeof quick === 'string' || typeof item === 'string') return assert.equal(quick, item);
        written += 1;
        assert.equal(quick.z, item.z);
        assert.deepEqual(JSON.parse(quick.text), JSON.parse(JSON.stringify(item)));
      }),
      { numRuns: 2000 },
    );
    assert.ok(written > 0);
  });
}

test('an id in keys has its sixteen digits', () => {
  fc.assert(
    fc.property(word, word, (high, low) => {
      assert.equal(hex(high, low), ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, '0'));
    }),
  );
});
