import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createHidden, type Purpose } from '../../../src/stores/redis/hidden.ts';

const SECRET = 'a secret of these tests alone, 32 bytes';
const PURPOSES: readonly Purpose[] = ['state', 'shares', 'ledger'];

test('R41 what stands in a server in place of a name has a key of its own for each purpose, and is never keyed by the secret itself', () => {
  const shown = PURPOSES.map((purpose) => createHidden(SECRET, purpose)('192.0.2.1').toString('hex'));
  const plain = createHmac('sha256', SECRET).update('192.0.2.1').digest('hex');
  assert.equal(new Set([...shown, plain]).size, PURPOSES.length + 1);
});

test('R41 gates of one secret write the same, given as text or as bytes; gates of another one nothing alike', () => {
  for (const purpose of PURPOSES) {
    const [text, bytes, other] = [SECRET, Buffer.from(SECRET), `${SECRET}!`].map((secret) =>
      createHidden(secret, purpose)('192.0.2.1').toString('hex'),
    );
    assert.equal(text, bytes);
    assert.notEqual(text, other);
  }
});
