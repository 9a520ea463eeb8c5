import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bulk, Calibration } from '../../src/behaviour/calibration.ts';
import { createSeeded, type Seeded } from '../../src/behaviour/seeded.ts';

/** A score whose share above falls by half with each two bits. */
const honest = (random: Seeded): number => 4 - 2 * Math.log2(1 - random.next());

function calibrated(scores: readonly number[]): Calibration {
  const calibration = new Calibration();
  for (const score of scores) calibration.learn(score);
  calibration.bulk.refresh();
  return calibration;
}

test('odds are what they say: one in a hundred is found so often', () => {
  const random = createSeeded(4);
  const calibration = calibrated(Array.from({ length: 4000 }, () => honest(random)));
  const fresh = Array.from({ length: 20_000 }, () => calibration.odds(honest(random)));
  for (const odds of [10, 100]) {
    const found = fresh.filter((one) => one >= odds).length;
    const meant = fresh.length / odds;
    assert.ok(found > meant / 2 && found < meant * 2, `1 in ${odds}: ${found} of ${fresh.length}`);
  }
});

test('poisoning: one in ten at the far end does not make the far end usual', () => {
  const random = createSeeded(4);
  const scores = Array.from({ length: 4000 }, (_, index) => (index % 10 === 0 ? 60 : honest(random)));
  const calibration = calibrated(scores);
  assert.ok(calibration.odds(60) > 10_000, `${calibration.odds(60)}`);
  assert.ok(calibration.odds(6) < 10, 'and the bulk is the bulk');
});

test('what sits together far from all others is left out of the bulk, up to one in ten, and no more than that', () => {
  const score = (share: number): Calibration => {
    const random = createSeeded(4);
    return calibrated(
      Array.from({ length: 4000 }, () => (random.next() < share ? 40 + random.next() : honest(random))),
    );
  };
  const clean = score(0).odds(14);
  const [tenth, third] = [score(0.09).odds(14), score(0.33).odds(14)];
  assert.ok(tenth > clean / 2 && tenth < clean * 2, `${tenth} for ${clean}`);
  assert.ok(third < clean / 4, `a third are no minority: ${third} for ${clean}`);
});

test('odds never fall as the score rises', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 200 }), (scores) => {
      const calibration = calibrated(scores);
      const odds = Array.from({ length: 128 }, (_, half) => calibration.odds(half / 2));
      for (const [index, one] of odds.entries()) assert.ok(one >= (odds[index - 1] ?? 0));
    }),
  );
});

test('nothing learned, nothing unusual; and values out of range count at the end', () => {
  assert.equal(new Calibration().odds(50), 1);
  const bulk = new Bulk(8, 1);
  for (const value of [-5, 3, 99]) bulk.learn(value);
  assert.deepEqual([...bulk.counts], [1, 0, 0, 1, 0, 0, 0, 1]);
  assert.throws(() => bulk.restore([[8, 1]]), RangeError);
});

test('a fade keeps what is usual and halves its weight', () => {
  const random = createSeeded(4);
  const { bulk } = calibrated(Array.from({ length: 1000 }, () => honest(random)));
  const [middle, total] = [bulk.middle, bulk.total];
  bulk.fade(1 / 2);
  bulk.refresh();
  assert.ok(Math.abs(bulk.middle - middle) < 1e-3);
  assert.equal(bulk.total, total / 2);
});
