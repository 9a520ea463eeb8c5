import assert from 'node:assert/strict';
import { test } from 'node:test';
import { billOf, NO_NEEDS } from '../../src/lab/bill.ts';
import { costOf, type Spend, type Stretch, unrestOf } from '../../src/lab/cost.ts';
import { PRICES } from '../../src/lab/prices.ts';

const HOUR = { cpuSeconds: 3600, wallSeconds: 3600 };
const prices = { ...PRICES, coreHour: 1, addressHour: 2, browserHour: 3, solving: 5, personHour: 7, personSeconds: 36 };

test('P12.2 each need is paid by what it is paid by: CPU, hours on the clock, or calls', () => {
  const total = (needs: Partial<typeof NO_NEEDS>) => billOf(HOUR, { ...NO_NEEDS, ...needs }, prices)?.total;
  assert.equal(total({}), 1, 'one core for an hour; the first address is everybody’s');
  assert.equal(total({ addresses: 4 }), 1 + 3 * 2);
  assert.equal(total({ browsers: 2 }), 2 * 3, 'whoever hires browsers pays no core beside them');
  assert.equal(total({ people: 1 }), 1 + 10 * 7, 'a thousand times 36 s are ten hours');
  assert.equal(total({ solutions: 2 }), 1 + 2 * 5);
});

test('what was not measured has no bill, but for what is hired with its cores', () => {
  const unknown = { ...HOUR, cpuSeconds: null };
  assert.equal(billOf(unknown, NO_NEEDS, prices), null);
  assert.equal(billOf(unknown, { ...NO_NEEDS, browsers: 1 }, prices)?.total, 3);
  assert.equal(billOf(unknown, { ...NO_NEEDS, people: 1 }, prices)?.total, 10 * 7);
});

const spend = (cpu: number | null, wall = 1): Spend => ({ cpu, wall });
const stretch = (cpu: number | null, tried = 10, admitted = tried): Stretch => ({ spend: spend(cpu), tried, admitted });
const cost = (stretches: readonly Stretch[], plain = 0.001) =>
  costOf({ stretches, pairs: [{ call: spend(1), plain: spend(plain) }], needs: NO_NEEDS }, prices);

test('P12.3 CPU is by the least disturbed stretch, whatever else the machine did meanwhile', () => {
  const quiet = cost([stretch(0.02), stretch(0.021), stretch(0.02), stretch(0.02), stretch(0.02)]);
  const busy = cost([stretch(0.05), stretch(0.02), stretch(0.09), stretch(0.031), stretch(0.04)]);
  assert.equal(quiet?.cpuSeconds, 2);
  assert.equal(busy?.cpuSeconds, 2);
  assert.equal(quiet.cpuRatio, 2);
  assert.ok(quiet.unrest < 0.05 && busy.unrest > 0.3, `${quiet.unrest} and ${busy.unrest} tell the two apart`);
});

test('P12.2 what was refused belongs to the price of what got in', () => {
  assert.equal(cost([stretch(0.02, 10, 10), stretch(0.02, 10, 0)])?.cpuSeconds, 4);
  assert.equal(cost([stretch(0.02, 10, 0)]), null, 'what never succeeds has no price');
  assert.equal(cost([]), null);
  assert.equal(cost([stretch(null)])?.cpuSeconds, null);
});

test('of few values nobody can say how far they lie apart', () => {
  assert.equal(unrestOf([1, 5, 9]), 0);
  assert.equal(unrestOf([2, 2, 2, 2]), 0);
  assert.equal(unrestOf([1, 2, 4, 5, 9]), 0.75);
});
