import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64url } from '../../src/doors/decode.ts';
import { fromBase64url } from '../../src/lib/base64url.ts';

test('agrees with the plain decoder on any part of any text', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'AQgwBZaz09-_+/=. \u00e9\u0141'), maxLength: 24 });
  const valid = fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(
    fc.property(
      fc.oneof(digits, valid),
      fc.string({ maxLength: 3 }),
      fc.string({ maxLength: 3 }),
      (part, before, after) => {
        const out = new Uint8Array(32);
        const length = decodeBase64url(before + part + after, before.length, before.length + part.length, out);
        const plain = fromBase64url(part);
        assert.equal(length, plain === null ? -1 : plain.length);
        if (plain !== null) assert.deepEqual(out.subarray(0, length), plain);
      },
    ),
    { numRuns: 3000 },
  );
});
