import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSipHash } from '../../src/lib/sip-hash.ts';

/** Of the reference's vectors for SipHash-2-4-64 with key 00 01 … 0f those of even length; the message is 00 01 02 … */
const VECTORS = [
  { length: 0, hash: '310e0edd47db6f72' },
  { length: 2, hash: '5a4fa9d909806c0d' },
  { length: 4, hash: 'b7877127e09427cf' },
  { length: 6, hash: 'cee3fe586e46c9cb' },
  { length: 8, hash: '6224939a79f5f593' },
  { length: 14, hash: 'eef27a8e90ca23f7' },
  { length: 16, hash: 'db9bc2577fcc2a3f' },
  { length: 30, hash: '28ef495c53a387ad' },
  { length: 62, hash: '575ff28e60381be5' },
];

const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => at));

for (const { length, hash } of VECTORS) {
  test(`SipHash-2-4 of the first ${length} numbers is what its authors published`, () => {
    const found = Buffer.alloc(4);
    found.writeInt32LE(
      createSipHash([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c])(bytes(length).toString('utf16le')),
    );
    assert.equal(found.toString('hex'), hash.slice(0, 8));
  });
}

test('another key, another hash; a text and what follows on it differ', () => {
  const [one, other] = [createSipHash([1, 2, 3, 4]), createSipHash([1, 2, 3, 5])];
  assert.notEqual(one('7'), other('7'));
  assert.notEqual(one('7'), one('7\0'), 'the length is part of it');
  assert.notEqual(one(''), one('\0'));
});
