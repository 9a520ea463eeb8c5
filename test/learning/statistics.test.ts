import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addToPeak, PEAK } from '../../src/learning/peak.ts';
import { quantile, wilsonLower } from '../../src/learning/statistics.ts';

describe('bounds', () => {
  test('Wilson’s lower bound, by values worked out by hand', () => {
    assert.equal(wilsonLower(0, 0), 0);
    assert.ok(Math.abs(wilsonLower(10, 10) - 0.7225) < 0.001);
    assert.ok(Math.abs(wilsonLower(50, 100) - 0.4038) < 0.001);
    assert.ok(wilsonLower(380, 380) < 0.99 && wilsonLower(381, 381) >= 0.99);
  });

  test('more of the same makes it surer, and it never exceeds the share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const successes = Math.floor(share * trials);
        const lower = wilsonLower(successes, trials);
        assert.ok(lower <= successes / trials + 1e-9);
        assert.ok(wilsonLower(10 * successes, 10 * trials) >= lower - 1e-9);
      }),
    );
  });

  test('of the highest values a quantile learns nothing, whatever they are', () => {
    const honest = Array.from({ length: 90 }, (_, index) => ({ value: 1 + (index % 5), weight: 1 }));
    const plain = quantile([...honest, ...Array.from({ length: 10 }, () => ({ value: 5, weight: 1 }))], 0.85, 0.88);
    const abused = quantile([...honest, ...Array.from({ length: 10 }, () => ({ value: 1e6, weight: 1 }))], 0.85, 0.88);
    assert.deepEqual(abused, plain);
  });

  test('a weight of nothing counts for nothing', () => {
    const values = [
      { value: 1, weight: 1 },
      { value: 9, weight: 0 },
      { value: 2, weight: 1 },
    ];
    assert.equal(quantile(values, 1, 1).value, 2);
  });
});

describe('the busiest minute', () => {
  test('is never counted too low, and at most ten seconds too wide', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 200 }), (times) => {
        const sorted = times.toSorted((a, b) => a - b);
        const within = (span: number): number =>
          Math.max(...sorted.map((from) => sorted.filter((time) => time >= from && time < from + span).length));
        // It stands anywhere among other numbers, which it leaves alone.
        const words = [7, ...new Array(PEAK.size).fill(0), 8];
        for (const time of sorted) addToPeak(words, 1, time);
        const most = words[1 + PEAK.most] ?? 0;
        assert.ok(most >= within(60_000), `${most} of ${within(60_000)}`);
        assert.ok(most <= within(70_000), `${most} of ${within(70_000)}`);
        assert.deepEqual([words[0], words.at(-1), words.length], [7, 8, PEAK.size + 2]);
      }),
    );
  });
});
