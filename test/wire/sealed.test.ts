import assert from 'node:assert/strict';
import { createCipheriv, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  answerInfo,
  callData,
  callNonce,
  RECORD,
  type RecordKind,
  recordData,
  recordHead,
  recordNonce,
  SEALED_FIELDS,
  SEALED_HEAD_BYTES,
} from '../../src/wire/sealed.ts';
import { formatSealedCall, parseSealedCall } from '../../src/wire/sealed-call.ts';
import { vectors } from './vectors.ts';

const { shown, call, plain, answer, random, answerKey, records, sealed } = vectors.sealed;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

function seal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(data);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString('hex');
}

test('a call is laid out and sealed as the vector says', () => {
  const bytes = formatSealedCall({ ...call, body: Buffer.from(call.body) });
  assert.equal(Buffer.from(bytes).toString('hex'), plain);
  const key = Buffer.from(vectors.keySchedule[0]?.keys['seal-up'] ?? '', 'base64url');
  assert.equal(seal(key, callNonce(Number.parseInt(shown, 10)), callData(shown), bytes), sealed);
  const read = parseSealedCall(hex(plain));
  assert.deepEqual(read && { ...read, body: Buffer.from(read.body).toString() }, call);
});

test('an answer’s key and records are those of the vector', () => {
  const { sharedSecret = '', salt = '' } = vectors.keySchedule[0] ?? {};
  const given = [sharedSecret, salt].map((text) => Buffer.from(text, 'base64url'));
  const key = Buffer.from(hkdfSync('sha256', given[0] ?? '', given[1] ?? '', answerInfo(hex(random)), 32));
  assert.equal(key.toString('base64url'), answerKey);
  const pieces: [RecordKind, string][] = [
    [RECORD.head, JSON.stringify([String(answer.status), ...answer.fields])],
    ...answer.body.map((text): [RecordKind, string] => [RECORD.body, text]),
    [RECORD.end, ''],
  ];
  const made = pieces.map(([kind, text], index) => {
    const bytes = Buffer.from(text);
    const head = recordHead(kind, bytes.length);
    return Buffer.from(head).toString('hex') + seal(key, recordNonce(index), recordData(shown, head), bytes);
  });
  assert.deepEqual(made, records);
});

const text = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const fields = fc
  .uniqueArray(fc.constantFrom(...SEALED_FIELDS))
  .chain((names) =>
    fc.tuple(...SEALED_FIELDS.filter((name) => names.includes(name)).map((name) => fc.tuple(fc.constant(name), text))),
  )
  .map((pairs) => pairs.flat());

test('what was laid out is read again, whatever it is', () => {
  const calls = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PATCH', 'purge'),
    target: text.map((rest) => `/${rest}`),
    fields,
    body: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(calls, (given) => {
      const bytes = formatSealedCall(given);
      assert.equal((bytes.length - given.body.length - 4) % 256, 0);
      const read = parseSealedCall(bytes);
      assert.deepEqual(read && { ...read, body: [...read.body] }, { ...given, body: [...given.body] });
    }),
  );
});

test('bytes of whatever kind are a call or none, and never a fault', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => parseSealedCall(bytes) !== undefined));
  const long = formatSealedCall({ ...call, target: `/${'a'.repeat(SEALED_HEAD_BYTES)}`, body: new Uint8Array(0) });
  assert.equal(parseSealedCall(long), null);
});

test('counters and places have nonces of their own', () => {
  const counters = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(counters, counters, (one, other) => {
      const [first, second] = [callNonce(one), callNonce(other)].map((bytes) => Buffer.from(bytes).toString('hex'));
      assert.equal(first === second, one === other);
    }),
  );
});
