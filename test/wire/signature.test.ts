import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import { TAG, TAG_BEACON, TAG_SYNC, TAG_URL } from '../../src/wire/constants.ts';
import { joinUrlProof, parseCompactProof, parseSignatureInput, splitUrlProof } from '../../src/wire/read-proof.ts';
import {
  COMPACT_COMPONENTS,
  coversExactly,
  formatCompactProof,
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  requiredComponents,
  type SignedMessage,
  signatureBase,
} from '../../src/wire/signature.ts';
import { type VectorMessage, vectors } from './vectors.ts';

function signedMessage(message: VectorMessage): SignedMessage {
  const { method, authority, path, query, fields } = message;
  return {
    method,
    authority,
    path,
    query,
    contentType: fields['content-type'] ?? '',
    contentDigest: fields['content-digest'] ?? '',
    sallyportDigest: fields['sallyport-digest'] ?? '',
    authorization: fields['authorization'] ?? '',
    field: (name) => fields[name] ?? null,
  };
}

for (const proof of vectors.proofs) {
  test(`R36 R41 vector "${proof.name}": components, fields and base`, () => {
    const { fields } = proof.message;
    const required = requiredComponents({
      contentType: 'content-type' in fields,
      digest: 'content-digest' in fields ? 'content-digest' : 'sallyport-digest' in fields ? 'sallyport-digest' : '',
      authorization: 'authorization' in fields,
      signed: proof.signed,
    });
    assert.deepEqual(required, proof.parameters.components);
    assert.equal(formatSignatureInput(proof.parameters), proof.signatureInput);
    const parsed = parseSignatureInput(proof.signatureInput, proof.signature);
    assert.ok(parsed !== null && parsed !== 'malformed');
    assert.equal(formatSignature(parsed.signature), proof.signature);
    assert.deepEqual(
      { ...parsed, params: undefined, signature: undefined },
      { ...proof.parameters, params: undefined, signature: undefined },
    );
    assert.equal(signatureBase(signedMessage(proof.message), parsed.components, parsed.params), proof.base);
    if (proof.compact === '') return;
    assert.equal(formatCompactProof(proof.parameters, parsed.signature), proof.compact);
    assert.deepEqual(parseCompactProof(proof.compact), parsed);
  });
}

for (const { name, signatureInput, signature, result } of vectors.fields) {
  test(`R35 R39 vector "${name}" is ${result}`, () => {
    const parsed = parseSignatureInput(signatureInput, signature);
    assert.equal(parsed === null ? 'none' : parsed === 'malformed' ? 'malformed' : 'proof', result);
  });
}

const ticket = fc.stringMatching(/^[\w-]{20,60}\.\.[\w-]{16}\.[\w-]{20,156}\.[\w-]{22}$/);
const parameters = fc.record({
  components: fc
    .subarray(['content-type', 'content-digest', 'authorization', 'x-a'])
    .map((more) => [...COMPACT_COMPONENTS, ...more]),
  created: fc.integer({ min: 0, max: 999_999_999_999 }),
  nonce: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  keyid: ticket,
  tag: fc.constantFrom(TAG, TAG_BEACON, TAG_SYNC, TAG_URL),
});
const mac = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64'));

test('what is written is read back, as fields and as a token', () => {
  fc.assert(
    fc.property(parameters, mac, (proof, signature) => {
      const parsed = parseSignatureInput(formatSignatureInput(proof), formatSignature(signature));
      assert.deepEqual(parsed, { ...proof, params: formatSignatureParams(proof), signature });
      const compact = { ...proof, components: COMPACT_COMPONENTS };
      const text = formatCompactProof(compact, signature);
      assert.deepEqual(parseCompactProof(text), { ...compact, params: formatSignatureParams(compact), signature });
      assert.match(text, /^[\w.-]+$/);
    }),
  );
});

/** Our member of a dictionary as a strict parser resolves it; undefined where it has none or cannot read the field. */
function strictMember(field: string) {
  try {
    return parseDictionary(field).get('sallyport');
  } catch {
    return undefined;
  }
}

/** Text that the strict parser would write for the member alone. */
function strictText(field: string): string | undefined {
  const member = strictMember(field);
  return member && serializeDictionary(new Map([['sallyport', member]]));
}

const example = vectors.proofs[0];
assert.ok(example);
const pieces = [
  example.signatureInput,
  example.signature,
  'sallyport',
  'sallyport=',
  'sallyport=()',
  'a=("sallyport=1")',
  'a="sallyport=(), "',
  'a="\\"", ',
  'b;c=1.5',
  'd=:AA==:',
  'd=:A:',
  'e=?1',
  'f=*tok/en',
  'g=-17',
  'h=1.2345',
  'i=@12',
  'j=("x" 1;k=2  ?0);z',
  'k=%"a"',
  ', ',
  ',',
  ' ',
  '\t',
  ';',
  '"',
  '\\',
  '=',
  ':',
  '(',
  ')',
  'Z',
];
const field = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map((list) => list.join(''));
const dictionary = fc
  .shuffledSubarray([
    example.signatureInput,
    example.signature,
    'a=("sallyport=1")',
    'a="x, sallyport=()"',
    'b;c=1.5',
    'd=:AA==:',
    'f=*tok/en',
    'j=("x" 1;k=2  ?0);z',
  ])
  .map((members) => members.join(', '));

test('R39 the fast parser never takes what a strict one resolves otherwise', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(field, dictionary), fc.oneof(field, dictionary), (input, signature) => {
      const parsed = parseSignatureInput(input, signature);
      if (parsed === null) {
        assert.equal(strictMember(input), undefined, input);
        assert.equal(strictMember(signature), undefined, signature);
      } else if (parsed !== 'malformed') {
        taken++;
        assert.equal(strictText(input), `sallyport=${parsed.params}`);
        assert.equal(strictText(signature), formatSignature(parsed.signature));
        assert.equal(parseSignatureInput(`${input}, ${example.signatureInput}`, signature), 'malformed');
        assert.equal(parseSignatureInput(input, `sallyport=?0, ${signature}`), 'malformed');
      }
    }),
    { numRuns: 20_000 },
  );
  assert.ok(taken > 50, `only ${taken} runs were taken`);
});

test('R39 a field that a strict parser cannot read is malformed, though only somebody else’s member is at fault', () => {
  for (const other of ['d=:A:', 'd=:AAAAA:', 'd=:AA=:', 'd=:A===:'])
    assert.equal(parseSignatureInput(`${example.signatureInput}, ${other}`, example.signature), 'malformed', other);
  for (const other of ['d=::', 'd=:AA==:', 'd=:AAA=:', 'd=:AAAA:'])
    assert.equal(typeof parseSignatureInput(`${example.signatureInput}, ${other}`, example.signature), 'object', other);
});

test('a long field of other members is read in linear time', () => {
  const input = `${Array.from({ length: 300 }, (_, index) => `k${index}=("a" "b";c=1)`).join(', ')}, ${example.signatureInput}`;
  const parsed = parseSignatureInput(input, example.signature);
  assert.ok(parsed !== null && parsed !== 'malformed');
  assert.equal(parseSignatureInput(`a=${'('.repeat(4000)}`, example.signature), 'malformed');
  assert.equal(parseSignatureInput(`sallyport=(${'"a" '.repeat(1500)}`, example.signature), 'malformed');
  assert.equal(parseSignatureInput('x'.repeat(9000), ''), 'malformed');
});

test('R36 less, more or other coverage is not what a route requires', () => {
  const required = requiredComponents({
    contentType: true,
    digest: 'content-digest',
    authorization: false,
    signed: ['x-a'],
  });
  assert.ok(coversExactly([...required], required));
  assert.ok(!coversExactly(required.slice(0, -1), required));
  assert.ok(!coversExactly([...required, 'date'], required));
  assert.ok(!coversExactly([...required].reverse(), required));
});

test('a base is made only of components that the message has, in visible ASCII', () => {
  const message = signedMessage({
    ...example.message,
    fields: { 'x-a': 'ok', 'x-b': 'line\nbreak', 'x-c': 'ü', 'x-d': '' },
  });
  const baseOf = (name: string) => signatureBase(message, [...COMPACT_COMPONENTS, name], '()');
  assert.match(baseOf('x-a') ?? '', /\n"x-a": ok\n"@signature-params": \(\)$/);
  for (const name of ['x-b', 'x-c', 'x-d', 'x-missing']) assert.equal(baseOf(name), null, name);
});

test('an empty path and an empty query have their one form (RFC 9421 §2.2.6, §2.2.7)', () => {
  const message = signedMessage({ ...example.message, path: '', query: '' });
  assert.match(signatureBase(message, COMPACT_COMPONENTS, '()') ?? '', /"@path": \/\n"@query": \?\n/);
});

test('a proof in an address is put at its end and taken off again', () => {
  for (const [query, left] of [
    ['', ''],
    ['?', ''],
    ['?a=1', '?a=1'],
    ['?a=1&', '?a=1&'],
    ['?%20', '?%20'],
  ] as const) {
    assert.deepEqual(splitUrlProof(joinUrlProof(query, 'a.b-c_d')), { query: left, proof: 'a.b-c_d' });
  }
  assert.equal(splitUrlProof('?a=1'), null);
  assert.equal(splitUrlProof(''), null);
});

for (const query of [
  '?sallyport-proof=',
  '?sallyport-proof=a&b=1',
  '?sallyport-proof=a&sallyport-proof=b',
  '?xsallyport-proof=a',
  '?sallyport-proof=a%2e',
]) {
  test(`R39 the address ${query} is malformed`, () => assert.equal(splitUrlProof(query), 'malformed'));
}

const compact = vectors.proofs.find((proof) => proof.compact !== '')?.compact ?? '';
for (const [name, text] of [
  ['nothing', ''],
  ['another version', compact.replace('sallyport-1', 'sallyport-2')],
  ['an unknown tag', compact.replace('sallyport-1', 'sallyport-1-other')],
  ['a leading zero', compact.replace(/\.1\./, '.01.')],
  ['a counter of zero', compact.replace(/\.1\./, '.0.')],
  ['a counter too large', compact.replace(/\.1\./, '.9007199254740992.')],
  ['padding', compact.replace(/(\.[\w-]{43})\./, '$1=.')],
  ['a short signature', compact.replace(/(\.[\w-]{42})[\w-]\./, '$1.')],
  ['a space', `${compact} `],
  ['too long', `${compact}${'a'.repeat(1024)}`],
] as const) {
  test(`R39 a compact proof with ${name} is none`, () => assert.equal(parseCompactProof(text), null));
}
