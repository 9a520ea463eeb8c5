import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, fromBase64url, toBase64, toBase64url } from '../../src/lib/base64url.ts';

test('both alphabets agree with the platform on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(toBase64url(bytes), Buffer.from(bytes).toString('base64url'));
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64url(toBase64url(bytes)), bytes);
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
});

test('no two texts give the same bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgwBZaz09-_+/='), maxLength: 12 }), (text) => {
      const url = fromBase64url(text);
      if (url !== null) assert.equal(toBase64url(url), text);
      const standard = fromBase64(text);
      if (standard !== null) assert.equal(toBase64(standard), text);
    }),
  );
});

for (const [text, why] of [
  ['A', 'one digit holds no byte'],
  ['AB', 'bits are left over'],
  ['AAB', 'bits are left over'],
  ['AA==', 'padding'],
  ['AA\n', 'white space'],
  ['A+/A', 'the other alphabet'],
  ['ÀAAA', 'a letter of no alphabet'],
] as const) {
  test(`base64url refuses ${JSON.stringify(text)}: ${why}`, () => assert.equal(fromBase64url(text), null));
}

for (const text of ['AA', 'AA=', 'AA===', 'A===', '=', 'AAA=AAAA', 'A-_A']) {
  test(`base64 refuses ${text}`, () => assert.equal(fromBase64(text), null));
}
