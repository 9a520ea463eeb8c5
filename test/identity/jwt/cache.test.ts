import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createTokenCache } from '../../../src/identity/jwt/cache.ts';

test('what is found is what was put there for exactly this text', () => {
  const text = fc
    .tuple(fc.constantFrom('a', 'b', 'cc'), fc.constantFrom('x'.repeat(24), 'y'.repeat(24), 'z'))
    .map((parts) => parts.join(''));
  const step = fc.record({ text, value: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = createTokenCache<number>(3, 200);
      const model = new Map<string, number>();
      for (const { text, value } of steps) {
        const found = cache.get(text);
        // It may have been forgotten, or given way to one that ends alike, but it is never another's.
        assert.ok(found === undefined || found === model.get(text));
        if (value === null) {
          cache.delete(text);
          model.delete(text);
        } else {
          cache.set(text, value);
          model.set(text, value);
          assert.equal(cache.get(text), value);
        }
      }
    }),
  );
});

test('it is bounded by entries and by characters, and what is used stays', () => {
  const byCount = createTokenCache<number>(10, 1e6);
  byCount.set('in use', 7);
  for (let at = 0; at < 1000; at++) {
    byCount.set(`token ${at}`, at);
    assert.equal(byCount.get('in use'), 7);
    assert.ok(byCount.size <= 20);
  }
  const bySize = createTokenCache<number>(1e6, 10_000);
  for (let at = 0; at < 1000; at++) bySize.set(`${'x'.repeat(1000)}${at}`, at);
  assert.ok(bySize.size <= 20, `${bySize.size} long tokens are held`);
  bySize.clear();
  assert.equal(bySize.size, 0);
});
