import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_IDLE, OpenCounts, type Raised } from '../../../src/stores/memory/open-counts.ts';

test('R67 what is open is counted exactly, in whatever order it begins and ends', () => {
  const steps = fc.array(fc.record({ payer: fc.nat(3), ends: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const counts = new OpenCounts();
      const open: Raised[][] = [[], [], [], []];
      for (const { payer, ends } of all) {
        const mine = open[payer] ?? [];
        if (ends) mine.shift()?.lower();
        else mine.push(counts.raise(payer));
        for (const [one, list] of open.entries()) assert.equal(counts.of(one), list.length);
      }
    }),
  );
});

test('R67 whoever has nothing open is forgotten where many have nothing open, and counted anew when he comes again', () => {
  const counts = new OpenCounts();
  const visit = (payer: number): void => {
    const [first, second] = [counts.raise(payer), counts.raise(payer)];
    assert.equal(counts.of(payer), 2);
    first.lower();
    second.lower();
    assert.equal(counts.of(payer), 0);
  };
  for (let payer = 1; payer <= 3 * MOST_IDLE; payer += 1) visit(payer);
  assert.equal(counts.size, MOST_IDLE);
  for (let payer = 3 * MOST_IDLE; payer > 0; payer -= 1) visit(payer);
  assert.equal(counts.size, MOST_IDLE);
  const open = Array.from({ length: 2 * MOST_IDLE }, (_, payer) => counts.raise(payer + 1));
  assert.equal(counts.size, 2 * MOST_IDLE, 'who has something open is kept');
  for (const one of open) one.lower();
  assert.equal(counts.size, MOST_IDLE);
});
