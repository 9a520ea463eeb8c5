import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSigner, type SignableRequest } from '../../src/keys/signer.ts';
import { bearer, type CallInit, keyedGate, type KeyedGate, order, type Reply, until } from './support.ts';

const NOTHING = { contentType: '', authorization: '', body: null, signed: [] };

/** A request as a key would sign it, and what is sent. */
function signedCall(
  { origin, clock }: Pick<KeyedGate, 'origin' | 'clock'>,
  key: Parameters<typeof createSigner>[0],
  changes: Partial<SignableRequest> = {},
  skew = 0,
): { path: string; init: CallInit & { headers: Record<string, string> } } {
  const signer = createSigner(key);
  assert.ok(signer.kind === 'signature');
  const request = {
    method: 'GET',
    authority: new URL(origin).host,
    path: '/api/posts',
    query: '',
    ...NOTHING,
    ...changes,
  };
  const fields = signer.fields(request, clock.wall() + skew);
  const headers: Record<string, string> = Object.fromEntries(fields);
  if (request.contentType !== '') headers['content-type'] = request.contentType;
  if (request.authorization !== '') headers['authorization'] = request.authorization;
  const body = request.body === null ? {} : { body: Buffer.from(request.body).toString() };
  return { path: request.path + request.query, init: { method: request.method, headers, ...body } };
}

async function gateWith(t: Parameters<typeof keyedGate>[0], changes = {}) {
  const made = await keyedGate(t);
  const issued = await made.desk.issue(order({ kind: 'ed25519', scopes: ['posts:read', 'posts:write'], ...changes }));
  await until(async () => (await send(made, signedCall(made, issued.secret))).status === 200);
  return { ...made, ...issued };
}

const send = ({ call }: KeyedGate, { path, init }: ReturnType<typeof signedCall>): Promise<Reply> => call(path, init);

describe('a signing key over a real gate', () => {
  for (const kind of ['ed25519', 'hmac'] as const) {
    test(`R69 ${kind}: opens what its scopes open, body and all, and the signature stays here`, async (t) => {
      const made = await gateWith(t, { kind });
      const body = Buffer.from('{"title":"hello"}');
      const post = signedCall(made, made.secret, {
        method: 'POST',
        body,
        contentType: 'application/json',
        query: '?a=%20b',
      });
      assert.equal((await send(made, post)).status, 200);
      const last = made.seen.at(-1);
      assert.deepEqual([last?.method, last?.url, last?.body], ['POST', '/api/posts?a=%20b', body.toString()]);
      assert.equal(last?.headers.signature, undefined);
      assert.equal(last?.headers['signature-input'], undefined);
      assert.equal(made.decisions.at(-1)?.key?.id, made.row.id);
    });
  }

  test('a partner brings the public half alone, and an app’s own token travels under the signature', async (t) => {
    const made = await keyedGate(t);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { row, secret } = await made.desk.issue(order({ kind: 'ed25519', publicKey: pem }));
    assert.equal(secret, '');
    const own = { id: row.id, privateKey };
    await until(async () => (await send(made, signedCall(made, own))).status === 200);
    const token = signedCall(made, own, { authorization: 'Bearer of-a-user' });
    assert.equal((await send(made, token)).status, 200);
    assert.equal(made.seen.at(-1)?.headers.authorization, 'Bearer of-a-user');
    token.init.headers['authorization'] = 'Bearer of-another';
    assert.equal((await send(made, signedCall(made, own, { authorization: 'x' }))).status, 200);
    assert.equal((await send(made, token)).code, 'key');
  });

  test('R42 R49 a signed request passes once, whoever sends it again, and a refused one uses nothing up', async (t) => {
    const made = await gateWith(t);
    const once = signedCall(made, made.secret);
    assert.equal((await send(made, { ...once, path: '/api/posts?other' })).code, 'key');
    assert.equal((await send(made, once)).status, 200, 'the forged one did not use the nonce');
    const again = await send(made, once);
    assert.deepEqual([again.status, again.code], [403, 'replayed']);
  });

  test('R36 R39 R40 R41 what is changed under a signature is refused and reaches nobody', async (t) => {
    const made = await gateWith(t);
    const body = Buffer.from('{"title":"hello"}');
    const fresh = () => signedCall(made, made.secret, { method: 'POST', body, contentType: 'application/json' });
    const before = made.seen.length;
    const changes: readonly (readonly [
      why: string,
      codes: readonly string[],
      change: (sent: ReturnType<typeof fresh>) => ReturnType<typeof fresh>,
    ])[] = [
      ['another method', ['key'], (sent) => ({ ...sent, init: { ...sent.init, method: 'GET' } })],
      ['another query', ['key'], (sent) => ({ ...sent, path: '/api/posts?all=1' })],
      ['another spelling of the path', ['method'], (sent) => ({ ...sent, path: '/api//posts' })],
      ['another body', ['digest'], (sent) => ({ ...sent, init: { ...sent.init, body: '{"title":"other"}' } })],
      ['a body of no digest', ['digest'], (sent) => without(sent, 'content-digest')],
      ['another type', ['key'], (sent) => withField(sent, 'content-type', 'application/json; charset=utf-8')],
      ['an Authorization that was not signed', ['key'], (sent) => withField(sent, 'authorization', 'Bearer other')],
      ['another host', ['host', 'key'], (sent) => withField(sent, 'host', `localhost:${new URL(made.origin).port}`)],
      ['a signature alone', ['site'], (sent) => without(sent, 'signature-input')],
      ['an input alone', ['target'], (sent) => without(sent, 'signature')],
      [
        'less coverage',
        ['key'],
        (sent) =>
          withField(
            sent,
            'signature-input',
            (sent.init.headers['signature-input'] ?? '').replace(' "content-type"', ''),
          ),
      ],
      [
        'an algorithm of one’s own choice',
        ['key'],
        (sent) =>
          withField(
            sent,
            'signature-input',
            (sent.init.headers['signature-input'] ?? '').replace(';tag', ';alg="hmac-sha256";tag'),
          ),
      ],
      [
        'a parameter twice',
        ['target'],
        (sent) => withField(sent, 'signature-input', `${sent.init.headers['signature-input']};created=1`),
      ],
      [
        'a nonce of no length',
        ['target'],
        (sent) =>
          withField(
            sent,
            'signature-input',
            (sent.init.headers['signature-input'] ?? '').replace(/nonce="[^"]+"/, 'nonce="1"'),
          ),
      ],
      [
        'a key that was never issued',
        ['key'],
        (sent) =>
          withField(
            sent,
            'signature-input',
            (sent.init.headers['signature-input'] ?? '').replace(made.row.id, 'AAAAAAAAAAA'),
          ),
      ],
    ];
    for (const [why, codes, change] of changes) {
      const reply = await send(made, change(fresh()));
      assert.ok(codes.includes(reply.code), `${why}: ${reply.status} ${reply.code}`);
    }
    assert.equal(made.seen.length, before, 'nothing of it reached the backend');
    assert.equal((await send(made, fresh())).status, 200, 'and what was not changed passes');
  });

  test('R45 a clock 30 s off is taken either way; one further off is told the time', async (t) => {
    const made = await gateWith(t);
    made.clock.move(120_000);
    for (const skew of [-30_000, 30_000])
      assert.equal((await send(made, signedCall(made, made.secret, {}, skew))).status, 200);
    for (const skew of [-70_000, 70_000]) {
      const reply = await send(made, signedCall(made, made.secret, {}, skew));
      assert.equal(reply.code, 'clock');
      assert.ok(Math.abs(Date.parse(String(reply.headers.date)) - made.clock.wall()) < 2000);
    }
  });

  test('R48 what was signed before the gate started is refused', async (t) => {
    const made = await gateWith(t);
    assert.equal((await send(made, signedCall(made, made.secret, {}, -20_000))).code, 'clock');
  });

  test('R37 R57 a bearer key signs nothing, and nobody is verified by what is public', async (t) => {
    const made = await gateWith(t);
    const { row } = await made.desk.issue(order());
    const raw = made.row.material.kind === 'ed25519' ? made.row.material.publicKey : assert.fail();
    const { createHmac } = await import('node:crypto');
    const forged = signedCall(made, { id: made.row.id, privateKey: generateKeyPairSync('ed25519').privateKey });
    const input = String(forged.init.headers['signature-input']).slice('sallyport='.length);
    const base = `"@method": GET\n"@authority": ${new URL(made.origin).host}\n"@path": /api/posts\n"@query": ?\n"@signature-params": ${input}`;
    const mac = createHmac('sha256', Buffer.from(raw, 'base64url')).update(base).digest('base64');
    assert.equal((await send(made, withField(forged, 'signature', `sallyport=:${mac}:`))).code, 'key');
    const own: KeyObject = generateKeyPairSync('ed25519').privateKey;
    assert.equal((await send(made, signedCall(made, { id: row.id, privateKey: own }))).code, 'key');
    const small = Buffer.alloc(64);
    assert.equal(
      (await send(made, withField(forged, 'signature', `sallyport=:${small.toString('base64')}:`))).code,
      'key',
    );
    assert.equal(sign(null, createHash('sha256').update('').digest(), own).length, 64);
  });
});

function withField(sent: ReturnType<typeof signedCall>, name: string, value: string): ReturnType<typeof signedCall> {
  return { ...sent, init: { ...sent.init, headers: { ...sent.init.headers, [name]: value } } };
}

function without(sent: ReturnType<typeof signedCall>, name: string): ReturnType<typeof signedCall> {
  const headers = { ...sent.init.headers };
  delete headers[name];
  return { ...sent, init: { ...sent.init, headers } };
}

test('R69 whoever reads a signed request cannot end its key by sending it again as a page would', async (t) => {
  const made = await keyedGate(t, { keys: { leaked: 'revoke' } });
  const { secret, row } = await made.desk.issue(order({ kind: 'ed25519' }));
  await until(async () => (await send(made, signedCall(made, secret))).status === 200);
  const read = signedCall(made, secret);
  assert.equal((await send(made, read)).status, 200);
  const again = { ...read.init, headers: { ...read.init.headers, origin: 'https://page.example' } };
  assert.equal((await made.call(read.path, again)).code, 'key-in-browser');
  assert.equal(made.alarms.at(-1)?.where, 'browser', 'its owner is told');
  const other = await made.desk.issue(order());
  await until(async () => (await made.call(read.path, bearer(other.secret))).status === 200);
  await made.call(read.path, { headers: { ...bearer(other.secret).headers, origin: 'https://page.example' } });
  await until(async () => (await made.records.keys.get(other.row.id))?.revoked !== 0);
  assert.equal((await made.records.keys.get(row.id))?.revoked, 0, 'and it is not revoked');
  assert.equal((await send(made, signedCall(made, secret))).status, 200);
});
