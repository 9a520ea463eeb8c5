import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  contentDigestText,
  formatContentDigest,
  parseContentDigest,
  parseSallyportDigest,
} from '../../src/wire/digest.ts';
import { readVectorText, vectors } from './vectors.ts';

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
const rfc9530: { readonly digests: readonly { content: string; field: string }[]; readonly beside: string } =
  JSON.parse(readVectorText('rfc9530.json'));

for (const { content, field } of rfc9530.digests) {
  test(`R40 RFC 9530 digest of ${JSON.stringify(content)}`, () => {
    assert.equal(formatContentDigest(sha256(content).toString('base64')), field);
    assert.deepEqual(parseContentDigest(field), new Uint8Array(sha256(content)));
  });
}

test('R40 sha-512 may stand beside, as RFC 9530 shows', () => {
  assert.deepEqual(parseContentDigest(rfc9530.beside), new Uint8Array(sha256('{"hello": "world"}\n')));
});

for (const { name, field, taken } of vectors.digestFields) {
  test(`R40 a digest field with ${name} is ${taken ? 'taken' : 'refused'}`, () => {
    assert.equal(contentDigestText(field) !== null, taken);
    assert.equal(parseContentDigest(field) !== null, taken);
    assert.equal(parseSallyportDigest(field) !== null, taken);
  });
}

for (const { name, body, contentDigest } of vectors.digests) {
  test(`R40 vector "${name}"`, () => assert.equal(formatContentDigest(sha256(body).toString('base64')), contentDigest));
}

test('R40 what is written is read back; what is read is 32 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      assert.deepEqual(parseContentDigest(formatContentDigest(Buffer.from(bytes).toString('base64'))), bytes);
    }),
  );
  const piece = fc.constantFrom(
    'sha-256=:',
    'sha-512=:',
    ':',
    '=',
    ', ',
    'A'.repeat(43),
    'B'.repeat(86),
    '==',
    ';',
    'md5=:',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const bytes = parseContentDigest(pieces.join(''));
      assert.ok(bytes === null || bytes.length === 32);
    }),
    { numRuns: 2000 },
  );
});
