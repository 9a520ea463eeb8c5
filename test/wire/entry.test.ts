import assert from 'node:assert/strict';
import { createHash, createHmac, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64url, toBase64url } from '../../src/lib/base64url.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import {
  ENTRY_REQUEST_BYTES,
  expandInput,
  formatEntryRequest,
  parseEntryAnswer,
  parseEntryRequest,
  purposeInfo,
  transcript,
} from '../../src/wire/entry.ts';
import { text as made } from './make-vectors.ts';
import { readVectorText, vectors } from './vectors.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64url(text) ?? assert.fail(`not base64url: ${text}`);

test('the vector file is what its maker writes', () => assert.equal(readVectorText('sallyport-1.json'), made));

const { subtle } = webcrypto;
const PURPOSES = ['proof', 'sync', 'seal-up', 'seal-down'] as const;

for (const vector of vectors.keySchedule) {
  test(`key schedule "${vector.name}": transcript, salt, secrets`, () => {
    const { origin, authority, client, expires } = vector;
    const seen = transcript({
      pageKey: bytes(vector.pagePublic),
      serverKey: bytes(vector.serverPublic),
      origin,
      authority,
      client,
      ticketId: bytes(vector.ticketId),
      expires,
      random: bytes(vector.random),
    });
    assert.equal(Buffer.from(seen).toString('hex'), vector.transcript);
    assert.equal(createHash('sha256').update(seen).digest('base64url'), vector.salt);
    for (const purpose of PURPOSES) {
      const key = createHmac('sha256', bytes(vector.entrySecret)).update(expandInput(purpose)).digest('base64url');
      assert.equal(key, vector.keys[purpose], purpose);
    }
  });

  test(`key schedule "${vector.name}": as a browser derives it`, async () => {
    const curve = { name: 'ECDH', namedCurve: 'P-256' };
    const own = await subtle.importKey('jwk', vector.pageKey, curve, false, ['deriveBits']);
    const peer = await subtle.importKey('raw', bytes(vector.serverPublic), curve, false, []);
    const shared = await subtle.deriveBits({ name: 'ECDH', public: peer }, own, 256);
    const secret = await subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits']);
    for (const purpose of PURPOSES) {
      const derive = { name: 'HKDF', hash: 'SHA-256', salt: bytes(vector.salt), info: purposeInfo(purpose) };
      const key = await subtle.deriveBits(derive, secret, 256);
      assert.equal(toBase64url(new Uint8Array(key)), vector.keys[purpose], purpose);
    }
  });
}

const key = vectors.keySchedule[0]?.pagePublic ?? '';

test('an entry request is read as it was written', () => {
  const request = parseEntryRequest(utf8(formatEntryRequest('shop-1', key)));
  assert.deepEqual(request, {
    v: 1,
    client: 'shop-1',
    key: bytes(key),
    session: null,
    login: '',
    challenge: '',
  });
});

test('a session key comes with its signature', () => {
  const sessionSignature = toBase64url(Uint8Array.from({ length: 64 }, () => 3));
  const request = parseEntryRequest(
    utf8(formatEntryRequest('a', key, { sessionKey: key, sessionSignature, login: 'x1' })),
  );
  assert.deepEqual(request?.session?.key, bytes(key));
  assert.deepEqual(request?.session?.signature, bytes(sessionSignature));
  assert.equal(request?.login, 'x1');
});

test('the reserved member is taken as a text', () => {
  assert.equal(parseEntryRequest(utf8(JSON.stringify({ v: 1, client: 'a', key, challenge: 'c' })))?.challenge, 'c');
});

const good = { v: 1, client: 'default', key };
for (const [name, body] of [
  ['nothing', ''],
  ['no JSON', '{'],
  ['a list', '[]'],
  ['null', 'null'],
  ['another version', JSON.stringify({ ...good, v: 2 })],
  ['a version as text', JSON.stringify({ ...good, v: '1' })],
  ['no client', JSON.stringify({ v: 1, key })],
  ['a client that is no name', JSON.stringify({ ...good, client: '../x' })],
  ['a client with a line break', JSON.stringify({ ...good, client: 'default\n' })],
  ['no key', JSON.stringify({ v: 1, client: 'default' })],
  ['a short key', JSON.stringify({ ...good, key: key.slice(0, -4) })],
  ['a session key without a signature', JSON.stringify({ ...good, sessionKey: key })],
  ['a signature without its key', JSON.stringify({ ...good, sessionSignature: 'AAAA' })],
  ['a session key that is none', JSON.stringify({ ...good, sessionKey: 'b', sessionSignature: 'A'.repeat(86) })],
  ['a login that is no label', JSON.stringify({ ...good, login: 'X!' })],
  ['a login that is too long', JSON.stringify({ ...good, login: '12345678' })],
  ['a compressed point', JSON.stringify({ ...good, key: toBase64url(Uint8Array.from({ length: 65 }, () => 2)) })],
  ['a key in base64', JSON.stringify({ ...good, key: `${key}=` })],
  ['an unknown member', JSON.stringify({ ...good, admin: true })],
  ['__proto__', `{"v":1,"client":"default","key":"${key}","__proto__":{}}`],
  ['a reserved member of another kind', JSON.stringify({ ...good, challenge: {} })],
  ['a byte order mark', `\ufeff${JSON.stringify(good)}`],
  ['too many bytes', JSON.stringify(good).padEnd(ENTRY_REQUEST_BYTES + 1)],
] as const) {
  test(`an entry request with ${name} is none`, () => assert.equal(parseEntryRequest(utf8(body)), null));
}

test('an entry request that is not UTF-8 is none', () => {
  const body = utf8(formatEntryRequest('default', key));
  body[12] = 0xff;
  assert.equal(parseEntryRequest(body), null);
});

test('any bytes are answered with a record or null', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.json().map(utf8)), (body) => {
      assert.equal(parseEntryRequest(body), null);
    }),
  );
});

const answer = {
  v: 1,
  key,
  random: 'r',
  ticket: 't',
  id: 'i',
  expires: 1,
  time: 2,
  life: 600,
  renew: 480,
  authority: 'app.example',
  session: 'label',
  login: '0',
};

test('an entry answer may gain members but lose none', () => {
  assert.deepEqual(parseEntryAnswer({ ...answer, later: true }), answer);
  for (const name of Object.keys(answer)) {
    assert.equal(parseEntryAnswer({ ...answer, [name]: undefined }), null, name);
    assert.equal(parseEntryAnswer({ ...answer, [name]: {} }), null, name);
  }
  assert.equal(parseEntryAnswer(null), null);
  assert.equal(parseEntryAnswer([]), null);
});
