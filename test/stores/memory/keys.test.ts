import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noClaims } from '../../../src/guard/context.ts';
import type { Claims } from '../../../src/guard/state.ts';
import { Keys } from '../../../src/stores/memory/keys.ts';

const LIFE = 1000;

function signed(key: string, keyNonce: string): Claims {
  return { ...noClaims(0), key, keyNonce, keyNonceLife: LIFE };
}

describe('R45 what keys have used', () => {
  test('nonces of keys that are used no more make room, and none that could come again is forgotten for it', () => {
    const keys = new Keys(10, 20);
    const use = (key: string, nonce: string, now: number): string => {
      const claims = signed(key, nonce);
      const code = keys.check(claims, now);
      if (code === '') keys.apply(claims, now);
      return code;
    };
    for (const retired of ['one', 'two']) for (let i = 0; i < 10; i++) assert.equal(use(retired, `${i}`, 0), '');
    assert.equal(use('three', 'first', 500), 'limit', 'all are young still');
    assert.equal(use('one', '3', 900), 'replayed');
    assert.equal(use('three', 'first', 5000), '');
    assert.equal(use('three', 'first', 5001), 'replayed');
    assert.equal(use('four', 'first', 5002), '', 'somebody new');
  });
});
