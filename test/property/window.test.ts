import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isTaken, takeCounter, WINDOW_WORDS } from '../../src/stores/memory/window.ts';

const SIZE = 1024;
const LAST = Number.MAX_SAFE_INTEGER;

/** RFC 4303 §3.4.3 word for word, with all that was ever seen in a set. */
class NaiveWindow {
  readonly #seen = new Set<number>();
  #highest = 0;

  take(counter: number): string {
    if (counter <= this.#highest - SIZE) return 'stale-nonce';
    if (this.#seen.has(counter)) return 'replayed';
    this.#seen.add(counter);
    this.#highest = Math.max(this.#highest, counter);
    return '';
  }

  has(counter: number): boolean {
    return counter > this.#highest - SIZE && this.#seen.has(counter);
  }
}

/** Steps from where the counters are now: mostly near, sometimes at or beyond the window's edges, backwards too. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -40, max: 40 }) },
  { weight: 3, arbitrary: fc.integer({ min: -SIZE - 3, max: SIZE + 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(-SIZE, 1 - SIZE, -SIZE - 1, SIZE, SIZE - 1, SIZE + 1, 31, 32, 33, 5 * SIZE) },
);

const start = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 5000 }),
  fc.integer({ min: 2 ** 32 - 3000, max: 2 ** 32 + 3000 }),
  fc.maxSafeNat().map((n) => Math.max(1, n)),
  fc.integer({ min: LAST - 3000, max: LAST }),
);

const walk = fc.tuple(start, fc.array(step, { minLength: 1, maxLength: 300 })).map(([first, steps]) => {
  let at = first;
  return steps.map((by) => {
    at = Math.min(LAST, Math.max(1, at + by));
    return at;
  });
});

describe('the window agrees with a naive model', () => {
  test('R42 R44 in any order, with any duplication, over 2^32 and up to 2^53 − 1', () => {
    fc.assert(
      fc.property(walk, fc.integer({ min: 0, max: 7 }), (counters, base) => {
        const words = new Uint32Array(base + WINDOW_WORDS + 3);
        const model = new NaiveWindow();
        for (const counter of counters)
          assert.equal(takeCounter(words, base, counter, false), model.take(counter), `${counter}`);
        for (const counter of counters)
          assert.equal(isTaken(words, base, counter), model.has(counter), `${counter} taken`);
      }),
      { numRuns: 2000 },
    );
  });

  test('R42 every counter of a shuffled run is admitted exactly once, however often each is sent', () => {
    const shuffled = fc.integer({ min: 1, max: LAST - SIZE }).chain((first) =>
      fc
        .shuffledSubarray(
          Array.from({ length: SIZE }, (_, n) => first + n),
          { minLength: 1 },
        )
        .chain((once) => fc.tuple(fc.constant(once), fc.array(fc.constantFrom(...once), { maxLength: 100 }))),
    );
    fc.assert(
      fc.property(shuffled, ([once, again]) => {
        const words = new Uint32Array(WINDOW_WORDS);
        for (const counter of once) assert.equal(takeCounter(words, 0, counter, false), '');
        for (const counter of [...once, ...again]) assert.equal(takeCounter(words, 0, counter, false), 'replayed');
      }),
      { numRuns: 100 },
    );
  });

  test('R43 a refused counter changes nothing, and an admitted one nothing but its own window', () => {
    fc.assert(
      fc.property(walk, (counters) => {
        const words = new Uint32Array(3 * WINDOW_WORDS).fill(0xdeadbeef);
        words.fill(0, WINDOW_WORDS, 2 * WINDOW_WORDS);
        for (const counter of counters) {
          const before = words.slice();
          const answer = takeCounter(words, WINDOW_WORDS, counter, false);
          if (answer !== '') assert.deepEqual(words, before);
          assert.deepEqual(words.subarray(0, WINDOW_WORDS), before.subarray(0, WINDOW_WORDS));
          assert.deepEqual(words.subarray(2 * WINDOW_WORDS), before.subarray(2 * WINDOW_WORDS));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a repeatable counter is admitted wherever it lies in the window, and never below it', () => {
    fc.assert(
      fc.property(walk, (counters) => {
        const words = new Uint32Array(WINDOW_WORDS);
        const model = new NaiveWindow();
        for (const counter of counters) {
          const expected = model.take(counter);
          assert.equal(takeCounter(words, 0, counter, true), expected === 'replayed' ? '' : expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});
