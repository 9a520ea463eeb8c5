import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { inLog } from '../../src/learning/readers/combined-log.ts';
import { rememberedByNumber } from '../../src/learning/remembered.ts';
import { createVisitors, PAUSE, type Visitors } from '../../src/learning/visitors.ts';

interface Request {
  /** Tenths of the pause since the one before. */
  readonly after: number;
  readonly prefix: number;
  readonly agent: number;
}

/** Requests of one log, each with a line or none. */
const asked = (requests: readonly Request[], lineOf: (at: number) => number) => {
  let time = Date.UTC(2026, 10, 22);
  return requests.map(({ after, prefix, agent }, at) => {
    time += (after * PAUSE) / 10;
    return inLog(time, `198.18.0.${prefix}`, 'GET', '/api/posts', 200, `UA ${agent}`, '', lineOf(at));
  });
};

const reading = (visitors: Visitors, log: ReturnType<typeof asked>): string[] => {
  visitors.begin();
  return log.map((one) => {
    const { name, hash } = visitors.of(one);
    return `${name} ${hash}`;
  });
};

const requests = fc.array(
  fc.record({
    after: fc.integer({ min: -3, max: 12 }),
    prefix: fc.nat({ max: 3 }),
    agent: fc.nat({ max: 2 }),
  }),
  { maxLength: 60 },
);

describe('visitors of a log that is read more than once', () => {
  test('are the same at each reading, whichever lines are kept', () => {
    fc.assert(
      fc.property(requests, fc.nat({ max: 70 }), fc.integer({ min: 1, max: 100_000 }), (log, kept, first) => {
        const plain = asked(log, () => -1);
        const lined = asked(log, (at) => (at < kept ? first + at : -1));
        const expected = reading(createVisitors(), plain);
        const visitors = createVisitors();
        for (const _ of [1, 2, 3]) assert.deepEqual(reading(visitors, lined), expected);
      }),
    );
  });

  test('go on where a log ended that has grown between two readings', () => {
    fc.assert(
      fc.property(requests, requests, fc.boolean(), (log, more, isKept) => {
        const inOrder = [...log, ...more].map((one) => ({ ...one, after: Math.abs(one.after) }));
        const whole = asked(inOrder, (at) => (at < log.length || isKept ? at : -1));
        const visitors = createVisitors();
        const before = reading(visitors, whole.slice(0, log.length));
        const grown = reading(visitors, whole);
        assert.deepEqual(grown, reading(createVisitors(), whole));
        assert.deepEqual(grown.slice(0, log.length), before);
      }),
    );
  });

  test('are told apart by network and browser, and by half an hour without a request', () => {
    const at = (after: number, prefix: number, agent: number): Request => ({ after, prefix, agent });
    const log = [at(0, 1, 1), at(1, 1, 2), at(0, 2, 1), at(9, 1, 1), at(2, 1, 2), at(7, 1, 1)];
    const visitors = createVisitors();
    for (const _ of [1, 2]) {
      const names = reading(
        visitors,
        asked(log, (line) => line),
      );
      assert.equal(new Set(names).size, 4);
      assert.equal(names[0], names[3]);
      assert.notEqual(names[1], names[4], 'eleven tenths of the pause');
      assert.equal(names[3], names[5], 'nineteen tenths, with a request between');
    }
  });

  test('of sources that name their sessions are those, whatever else is read', () => {
    const [named] = asked([{ after: 0, prefix: 1, agent: 1 }], () => -1);
    assert.ok(named !== undefined);
    const visitors = createVisitors();
    for (const _ of [1, 2]) {
      visitors.begin();
      assert.equal(visitors.of({ ...named, session: 'own' }).name, 'own');
    }
  });
});

test('results by number are those of the text, also where two texts have the same', () => {
  let made = 0;
  const lengthOf = rememberedByNumber((text) => {
    made += 1;
    return text.length;
  }, 4);
  for (const _ of [1, 2])
    for (const [number, text] of [
      [1, 'one'],
      [2, 'eleven'],
      [3, ''],
    ] as const)
      assert.equal(lengthOf(number, text), text.length);
  assert.equal(made, 4, 'what is empty is made each time');
  assert.equal(lengthOf(1, 'three'), 5);
  assert.equal(lengthOf(5, 'seventeen'), 9);
  assert.equal(lengthOf(1, 'one'), 3);
});
