import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnattended } from '../../src/gateway/unattended.ts';

test('a call without a client is waited for as long as was said, and no longer', async () => {
  const unattended = createUnattended({ most: 10, patience: 1 });
  const alive = setTimeout(() => {}, 10_000);
  await new Promise<void>((resolve) => unattended.take(resolve));
  clearTimeout(alive);
});

test('of calls without a client there are only so many at once', () => {
  const unattended = createUnattended({ most: 2, patience: 60_000 });
  const never = (): void => assert.fail('it is not late');
  const [first, second] = [unattended.take(never), unattended.take(never)];
  assert.ok(first !== null && second !== null);
  assert.equal(unattended.take(never), null);
  first();
  first();
  const third = unattended.take(never);
  assert.ok(third !== null, 'one has ended');
  assert.equal(unattended.take(never), null);
  second();
  third();
});
