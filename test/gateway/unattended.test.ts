import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnattended } from '../../src/gateway/unattended.ts';

test('a call without a client is waited for as long as was said, and no longer', async () => {
  const unattended = createUnattended({ most: 10, patience: 1 });
  const alive = setTimeout(() => {}, 10_000);
  await new Promise<void>((resolve) => unattended.take('n', resolve));
  clearTimeout(alive);
});

test('of calls without a client there are only so many at once', () => {
  const unattended = createUnattended({ most: 2, patience: 60_000 });
  const never = (): void => assert.fail('it is not late');
  const [first, second] = [unattended.take('n', never), unattended.take('n', never)];
  assert.ok(first !== null && second !== null);
  assert.equal(unattended.take('n', never), null);
  first();
  first();
  const third = unattended.take('n', never);
  assert.ok(third !== null, 'one has ended');
  assert.equal(unattended.take('n', never), null);
  second();
  third();
});

test('whoever fills all places from one network gives one up to each that comes from another, and none to itself', () => {
  const unattended = createUnattended({ most: 4, patience: 60_000 });
  const lost: number[] = [];
  const greedy = [0, 1, 2, 3].map((number) => unattended.take('greedy', () => lost.push(number)));
  assert.ok(greedy.every((over) => over !== null));
  assert.equal(
    unattended.take('greedy', () => assert.fail('it has no place')),
    null,
  );
  const never = (): void => assert.fail('a person keeps the place');
  const people = ['first', 'second'].map((prefix) => unattended.take(prefix, never));
  assert.ok(people.every((over) => over !== null));
  assert.deepEqual(lost, [0, 1], 'the oldest go');
  assert.equal(
    unattended.take('greedy', () => assert.fail('it has no place')),
    null,
  );
  // As many as the others: nobody gives up what is a share.
  const third = unattended.take('third', never);
  assert.ok(third !== null);
  assert.deepEqual(lost, [0, 1, 2]);
  assert.equal(unattended.take('fourth', never), null);
  for (const over of [...greedy, ...people, third]) over?.();
  assert.ok(unattended.take('fourth', never) !== null, 'all have ended');
});
