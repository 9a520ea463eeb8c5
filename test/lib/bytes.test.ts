import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, equalConstantTime, lengthPrefixed, utf8 } from '../../src/lib/bytes.ts';

test('concat joins in order', () => {
  assert.deepEqual(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
});

test('lengthPrefixed writes two bytes of length before each part', () => {
  assert.deepEqual(lengthPrefixed(['ab', Uint8Array.of(7)]), Uint8Array.of(0, 2, 0x61, 0x62, 0, 1, 7));
  assert.throws(() => lengthPrefixed([new Uint8Array(65_536)]), RangeError);
});

test('no two lists of parts have the same length-prefixed bytes', () => {
  const list = fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(list, list, (a, b) => {
      const same =
        a.length === b.length && a.every((part, index) => Buffer.compare(part, b[index] ?? Buffer.of()) === 0);
      assert.equal(Buffer.compare(lengthPrefixed(a), lengthPrefixed(b)) === 0, same);
    }),
  );
});

test('equalConstantTime agrees with equality, for bytes and for strings', () => {
  const text = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', 'é') });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(equalConstantTime(a, b), a === b);
      assert.equal(equalConstantTime(utf8(a), utf8(b)), a === b);
    }),
  );
  assert.equal(equalConstantTime('', utf8('')), false);
});
