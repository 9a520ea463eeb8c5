import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHeld } from '../../src/doors/sealed-held.ts';

const bounds = { all: 100, prefix: 50, session: 20 };

test('a session has its bound, a prefix its own, and all together theirs', () => {
  const held = createHeld(bounds);
  assert.ok(held.take('a', 'here', 20));
  assert.equal(held.take('a', 'here', 1), null);
  assert.ok(held.take('b', 'here', 20));
  assert.ok(held.take('c', 'here', 10));
  assert.equal(held.take('d', 'here', 1), null);
  assert.ok(held.take('d', 'elsewhere', 20));
  assert.ok(held.take('e', 'elsewhere', 20));
  assert.ok(held.take('f', 'third', 10));
  assert.equal(held.take('g', 'fourth', 1), null);
});

test('a farm of sessions behind one prefix leaves the others their room', () => {
  const held = createHeld();
  const MIB = 1024 * 1024;
  let taken = 0;
  for (let session = 0; session < 100; session++) while (held.take(`s${session}`, 'farm', MIB)) taken++;
  assert.equal(taken, 16);
  assert.ok(held.take('a person', 'elsewhere', 4 * MIB));
});

test('what is given back is free again, once, however often it is given back', () => {
  const held = createHeld(bounds);
  const give = held.take('a', 'here', 20);
  give?.();
  give?.();
  assert.ok(held.take('a', 'here', 20));
  assert.equal(held.take('a', 'here', 1), null);
});
