import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HalfSpaceTrees } from '../../src/behaviour/half-space-trees.ts';
import { createSeeded } from '../../src/behaviour/seeded.ts';

const DIMENSIONS = 5;
const trees = (seed: number): HalfSpaceTrees =>
  new HalfSpaceTrees({ dimensions: DIMENSIONS, random: createSeeded(seed), window: 200 });

/** Points around one place, within a tenth of it. */
function around(place: number, random = createSeeded(3)): Float32Array {
  return Float32Array.from({ length: DIMENSIONS }, () => place + (random.next() - 0.5) / 5);
}

function taught(seed: number, place: number, points: number): HalfSpaceTrees {
  const model = trees(seed);
  const random = createSeeded(11);
  for (let point = 0; point < points; point += 1) model.learn(around(place, random));
  return model;
}

test('where points fell is usual, where none fell is not', () => {
  const model = taught(1, 0.3, 400);
  const random = createSeeded(5);
  const near = Array.from({ length: 50 }, () => model.bits(around(0.3, random)));
  const far = Array.from({ length: 50 }, () => model.bits(around(0.9, random)));
  assert.ok(Math.max(...near) < Math.min(...far), `${Math.max(...near)} < ${Math.min(...far)}`);
});

test('nothing is said before a window is full', () => {
  assert.equal(taught(1, 0.3, 199).bits(around(0.9)), 0);
  assert.ok(taught(1, 0.3, 200).bits(around(0.9)) > 0);
});

test('deterministic: the same seed and points, the same bits; another seed cuts elsewhere', () => {
  const random = createSeeded(8);
  const points = Array.from({ length: 20 }, () => around(random.next(), random));
  const [one, again, other] = [taught(1, 0.3, 400), taught(1, 0.3, 400), taught(2, 0.3, 400)];
  assert.deepEqual(
    points.map((point) => one.bits(point)),
    points.map((point) => again.bits(point)),
  );
  assert.notDeepEqual(
    points.map((point) => one.bits(point)),
    points.map((point) => other.bits(point)),
  );
});

test('drift: what all have moved to becomes usual', () => {
  const model = taught(1, 0.2, 400);
  const before = model.bits(around(0.8));
  const random = createSeeded(21);
  for (let point = 0; point < 800; point += 1) model.learn(around(0.8, random));
  assert.ok(model.bits(around(0.8)) < before / 2, `${before} → ${model.bits(around(0.8))}`);
});
