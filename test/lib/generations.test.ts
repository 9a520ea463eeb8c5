import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGenerations } from '../../src/lib/generations.ts';

test('never holds more than two generations, and always the latest one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 0, max: 30 })), (limit, keys) => {
      const map = createGenerations<number>(limit);
      const lastWritten: number[] = [];
      for (const key of keys) {
        map.set(`${key}`, key);
        lastWritten.push(key);
        assert.ok(map.size <= 2 * limit);
      }
      for (const key of lastWritten.slice(-limit)) assert.equal(map.get(`${key}`), key);
    }),
  );
});

test('reading keeps an entry alive', () => {
  const map = createGenerations<number>(2);
  map.set('kept', 1);
  for (let index = 0; index < 50; index++) {
    map.set(`passing ${index}`, index);
    assert.equal(map.get('kept'), 1);
  }
  assert.equal(map.get('passing 0'), undefined);
});

test('a written value replaces the one of the older generation', () => {
  const map = createGenerations<number>(1);
  map.set('a', 1);
  map.set('b', 1);
  map.set('a', 2);
  assert.equal(map.get('a'), 2);
  map.delete('a');
  assert.equal(map.get('a'), undefined);
});
