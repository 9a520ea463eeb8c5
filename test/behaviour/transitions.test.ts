import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_SURPRISE, START, Transitions } from '../../src/behaviour/transitions.ts';

const path = (...routes: number[]): Uint8Array => Uint8Array.from(routes);

test('what most sessions do is no surprise, what none did is the greatest', () => {
  const model = new Transitions();
  for (let session = 0; session < 100; session += 1) model.learn(path(1, 2, 1, 2), 0, 4);
  assert.ok(model.surprise(START, 1) < 0.1);
  assert.ok(model.surprise(1, 2) < 0.1);
  assert.ok(model.surprise(1, 3) > 7);
  assert.ok(model.surprise(9, 9) <= MOST_SURPRISE, 'nothing is known of it: no more than a guess');
});

test('poisoning: one session counts once for a move, a thousand times over', () => {
  const model = new Transitions();
  for (let session = 0; session < 9; session += 1) model.learn(path(1, 2, 3), 0, 3);
  const before = model.surprise(2, 2);
  model.learn(path(...Array<number>(48).fill(2)), 0, 48);
  const after = model.surprise(2, 2);
  assert.ok(after > 2, `one of ten sessions did it: ${before} → ${after}`);
});

test('what nobody does any more is forgotten', () => {
  const model = new Transitions();
  for (let session = 0; session < 64; session += 1) model.learn(path(1, 2), 0, 2);
  for (let turn = 0; turn < 6; turn += 1) {
    model.fade(1 / 2);
    for (let session = 0; session < 32; session += 1) model.learn(path(1, 3), 0, 2);
  }
  assert.ok(model.surprise(1, 3) < 0.2);
  assert.ok(model.surprise(1, 2) > 5);
});

test('entries are all that there is to a model of paths', () => {
  const paths = fc.array(fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 20 }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(paths, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (all, from, to) => {
      const [one, other] = [new Transitions(), new Transitions()];
      for (const routes of all) one.learn(path(...routes), 0, routes.length);
      other.restore(one.entries());
      assert.equal(other.surprise(from, to), one.surprise(from, to));
    }),
    { numRuns: 30 },
  );
  assert.throws(() => new Transitions().restore([[0, 256, 1]]), RangeError);
  assert.throws(() => new Transitions().restore([[0, 1, -1]]), RangeError);
});
