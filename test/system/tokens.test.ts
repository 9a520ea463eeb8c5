import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { createSender, field, type RawAnswer } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from '../identity/jwt/issuer.ts';

/** A gate over HTTP, a backend that says what reached it, an issuer with a real key set. */
describe('tokens at a gate', () => {
  let key: TestKey;
  let issuer: KeyServer;
  let gate: Gate;
  let close: () => Promise<void>;
  let reached: IncomingMessage[];
  before(async () => {
    key = await makeKey();
    issuer = await startKeyServer([key.jwk]);
    reached = [];
    const backend = createServer((request, response) => {
      if (request.url?.startsWith('/api') === true) reached.push(request);
      const html = request.url === '/';
      response.setHeader('Content-Type', html ? 'text/html' : 'application/json');
      response.setHeader('Cache-Control', 'no-store');
      response.end(html ? '<!doctype html><html><head></head></html>' : '{}');
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    gate = await startGate({
      to: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      routes: [
        { match: 'GET /api/open', level: 'open', user: true },
        { match: 'GET /api/drafts', roles: ['editor'] },
        { match: 'GET /api/posts' },
        { match: '/api/**', user: true },
      ],
      login: {
        jwt: { issuer: 'https://login.example', audience: 'https://api.example', jwks: issuer.url, roles: 'roles' },
      },
    });
    close = async () => {
      await gate.close({ graceMs: 100 });
      await issuer.close();
      backend.close();
      backend.closeAllConnections();
    };
  });
  after(() => close());

  const urlOf = (path: string): string => `http://127.0.0.1:${gate.address.port}${path}`;

  async function client(path: string): Promise<{ client: WireClient; done(): void }> {
    const target = parseTarget(urlOf(path));
    const sender = createSender(target);
    const made = createWireClient(target, '/', sender);
    assert.ok((await made.open()).opened);
    return { client: made, done: () => sender.close() };
  }

  async function call(path: string, authorization?: string, fields: readonly string[] = []): Promise<RawAnswer> {
    const { client: made, done } = await client(path);
    try {
      return await made.call({ method: 'GET', fields, ...(authorization === undefined ? {} : { authorization }) });
    } finally {
      done();
    }
  }

  const codeOf = (answer: RawAnswer): unknown => JSON.parse(Buffer.from(answer.body).toString()).code ?? answer.status;

  test('R64 a route that asks for somebody opens to a token, and to nothing without one', async () => {
    const good = `Bearer ${await makeToken(key, Date.now())}`;
    assert.equal((await call('/api/users', good)).status, 200);
    const without = await call('/api/users');
    assert.deepEqual([without.status, codeOf(without)], [401, 'login-required']);
    assert.equal(field(without.fields, 'www-authenticate'), 'Bearer, Sallyport');
    const expired = await call('/api/users', `Bearer ${await makeToken(key, Date.now() - 3_600_000)}`);
    assert.deepEqual([expired.status, codeOf(expired)], [401, 'login-required']);
    assert.equal(field(expired.fields, 'www-authenticate'), 'Bearer error="invalid_token"');
    const said = Buffer.from(expired.body).toString();
    assert.ok(!/exp|expired|signature/i.test(said), 'the client never learns which rule it broke');
  });

  test('R57 roles of the token open what asks for them', async () => {
    const editor = await makeToken(key, Date.now(), { claims: { roles: ['editor'] } });
    const reader = await makeToken(key, Date.now(), { claims: { roles: ['reader'] } });
    assert.equal((await call('/api/drafts', `Bearer ${editor}`)).status, 200);
    const refused = await call('/api/drafts', `Bearer ${reader}`);
    assert.deepEqual([refused.status, codeOf(refused)], [403, 'forbidden']);
  });

  test('on a route that asks for nobody a bad token changes nothing, and no challenge is added', async () => {
    const answer = await call('/api/posts', 'Bearer not.a.token');
    assert.equal(answer.status, 200);
    assert.equal(field(answer.fields, 'www-authenticate'), '');
  });

  test('a stolen token is worth nothing in a session of the thief’s own, and the silent retry does not help it', async () => {
    const token = `Bearer ${await makeToken(key, Date.now())}`;
    const { client: owner, done } = await client('/api/users');
    assert.equal((await owner.call({ method: 'GET', authorization: token })).status, 200);
    for (let tries = 0; tries < 2; tries++) {
      const theft = await call('/api/users', token);
      assert.deepEqual([theft.status, codeOf(theft)], [403, 'session-mismatch']);
    }
    assert.equal((await owner.call({ method: 'GET', authorization: token })).status, 200);
    done();
  });

  test('a token cannot be swapped under a proof', async () => {
    const [mine, other] = [
      await makeToken(key, Date.now()),
      await makeToken(key, Date.now(), { claims: { sub: 'eve' } }),
    ];
    const { client: made, done } = await client('/api/users');
    const request = made.sign({ method: 'GET', authorization: `Bearer ${mine}` });
    const fields = request.fields.map((text) => (text === `Bearer ${mine}` ? `Bearer ${other}` : text));
    const answer = await made.sender.send({ ...request, fields });
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'signature']);
    done();
  });

  test('R35 two Authorization fields, a good one first or last, are refused', async () => {
    const good = `Bearer ${await makeToken(key, Date.now())}`;
    const before = reached.length;
    const target = parseTarget(urlOf('/api/open'));
    const sender = createSender(target);
    for (const pair of [
      [good, 'Bearer x.y.z'],
      ['Bearer x.y.z', good],
      [good, good],
    ]) {
      const fields = ['Host', target.authority, ...pair.flatMap((value) => ['Authorization', value])];
      const answer = await sender.send({ method: 'GET', target: '/api/open', fields, body: null });
      assert.equal(answer.status >= 400 && answer.status < 500, true, `${answer.status}`);
    }
    assert.equal(reached.length, before);
    sender.close();
  });

  test('R46 R50 a bound token asks for its proof over HTTP: nonce, answer, replay', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const token = await makeToken(key, Date.now(), { claims: { cnf: { jkt: await calculateJwkThumbprint(jwk) } } });
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url');
    const prove = (nonce?: string): Promise<string> =>
      new SignJWT({
        htm: 'GET',
        htu: urlOf('/api/users'),
        ath,
        jti: randomBytes(12).toString('hex'),
        ...(nonce && { nonce }),
      })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
        .setIssuedAt()
        .sign(privateKey);
    const { client: made, done } = await client('/api/users');
    const show = (proof: string) =>
      made.call({ method: 'GET', authorization: `DPoP ${token}`, fields: ['DPoP', proof] });
    const asked = await show(await prove());
    assert.deepEqual([asked.status, codeOf(asked)], [401, 'login-required']);
    assert.match(field(asked.fields, 'www-authenticate'), /^DPoP error="use_dpop_nonce"/);
    const proof = await prove(field(asked.fields, 'dpop-nonce'));
    assert.equal((await show(proof)).status, 200);
    const again = await show(proof);
    assert.deepEqual([again.status, codeOf(again)], [401, 'login-required']);
    assert.match(field(again.fields, 'www-authenticate'), /^DPoP error="invalid_dpop_proof"/);
    done();
  });

  test('R60 while the key set is down people go on over HTTP; after it came back new keys are taken', async () => {
    const { client: made, done } = await client('/api/users');
    const show = async (one: TestKey) =>
      (await made.call({ method: 'GET', authorization: `Bearer ${await makeToken(one, Date.now())}` })).status;
    assert.equal(await show(key), 200);
    issuer.answer = (_request, response) => void response.destroy();
    assert.equal(await show(key), 200);
    issuer.serve([key.jwk]);
    done();
  });
});
