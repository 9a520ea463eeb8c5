import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { Answer } from '../../../src/guard/decision.ts';
import { createLogout } from '../../../src/identity/logout.ts';
import type { LoginDesk } from '../../../src/identity/source.ts';
import { CLIENT, PROVIDER_KEY, startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

type Claims = Readonly<Record<string, unknown>>;

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

suite('logout', () => {
  let provider: TestProvider;
  let gate: TestGate;

  before(async () => {
    provider = await startProvider({ gate: () => GATE, name: 'one' });
  });
  beforeEach(() => {
    provider.asked.length = 0;
    gate = createTestGate({ providers: { one: { issuer: provider.issuer, postLogout: '/goodbye' } } });
  });
  after(() => provider.close());

  const form = (body: string, contentType = 'application/x-www-form-urlencoded'): Promise<Answer> =>
    gate.visitor().ask('POST', '/backchannel/one', { body, headers: { 'content-type': contentType } });

  interface Told {
    readonly header?: Record<string, unknown>;
    readonly key?: Parameters<SignJWT['sign']>[0];
  }

  /** A logout token as the provider would make it, but for what the test changes; `undefined` leaves a claim out. */
  async function tell(changes: Claims = {}, { header, key }: Told = {}): Promise<Answer> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: provider.issuer,
      aud: CLIENT.id,
      iat: now,
      exp: now + 120,
      jti: `jti-${Math.random()}`,
      events: { [EVENT]: {} },
      sub: 'alice',
      sid: 'session-there',
      ...changes,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt', kid: 'one', ...header })
      .sign(key ?? (await importJWK(PROVIDER_KEY, 'RS256')));
    return form(`logout_token=${token}`);
  }

  test('R61 a good logout token ends a login; without a session’s name, all of that person', async () => {
    assert.equal((await tell()).status, 200);
    assert.equal((await tell({ sid: undefined })).status, 200);
    assert.equal((await tell({ sub: undefined })).status, 200);
    assert.deepEqual(gate.ended, [
      { source: 'one', sid: 'session-there' },
      { source: 'one', subject: 'alice' },
      { source: 'one', sid: 'session-there' },
    ]);
  });

  test('R61 a token counts once; where the desk fails, the provider may send it again', async () => {
    gate.fault = new Error('records are locked');
    await assert.rejects(tell({ jti: 'once' }), /locked/);
    gate.fault = null;
    assert.equal((await tell({ jti: 'once' })).status, 200);
    assert.equal((await tell({ jti: 'once' })).status, 400);
    assert.equal(gate.ended.length, 1);
  });

  const now = Math.floor(Date.now() / 1000);
  const refused: readonly [string, Claims, Told?][] = [
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'somebody-else' }],
    ['with a nonce, as ID tokens have', { nonce: 'n' }],
    ['without events', { events: undefined }],
    ['with another event', { events: { 'http://example/other': {} } }],
    ['whose event is no object', { events: { [EVENT]: 'yes' } }],
    ['without jti', { jti: undefined }],
    ['with an endless jti', { jti: 'j'.repeat(300) }],
    ['without iat', { iat: undefined }],
    ['without exp', { exp: undefined }],
    ['that has expired', { iat: now - 200, exp: now - 60 }],
    ['that is old', { iat: now - 3600, exp: now + 60 }],
    ['that lives long', { exp: now + 86_400 }],
    ['made in the future', { iat: now + 600, exp: now + 700 }],
    ['that names nobody', { sub: undefined, sid: undefined }],
    ['whose sid is no text', { sid: 7 }],
    ['of another type', {}, { header: { typ: 'JWT' } }],
    ['of no type', {}, { header: { typ: undefined } }],
    ['signed by an unknown key', {}, { header: { kid: 'other' } }],
  ];
  for (const [what, changes, told] of refused) {
    test(`R61 a logout token ${what} ends nothing`, async () => {
      const answer = await tell(changes, told);
      assert.equal(answer.status, 400, String(answer.body));
      assert.equal(answer.body, '{"error":"invalid_request"}');
      assert.deepEqual(gate.ended, []);
    });
  }

  test('R61 R57 a logout token signed by somebody else, or by nobody, ends nothing', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwk = await exportJWK(publicKey);
    assert.equal((await tell({}, { key: privateKey })).status, 400);
    assert.equal((await tell({}, { key: privateKey, header: { jwk } })).status, 400, 'its own key in the header');
    const secret = new TextEncoder().encode(CLIENT.secret);
    assert.equal((await tell({}, { key: secret, header: { alg: 'HS256' } })).status, 400);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part({ sub: 'alice', events: { [EVENT]: {} } })}.`;
    assert.equal((await form(`logout_token=${none}`)).status, 400);
    assert.deepEqual(gate.ended, []);
  });

  test('R61 an ID token is no logout token', async () => {
    await gate.visitor('session').login('one');
    const id = gate.admitted[0]?.tokens?.id ?? assert.fail();
    assert.equal((await form(`logout_token=${id}`)).status, 400);
  });

  test('R58 unknown keys make the gate ask for the key set once, and no other address', async () => {
    await tell();
    const count = (): number => provider.asked.filter((line) => line === 'GET /jwks').length;
    const before = count();
    for (const kid of ['a', 'b', 'c']) {
      const header = { kid, jku: `${provider.issuer}/evil`, x5u: `${provider.issuer}/evil` };
      assert.equal((await tell({}, { header })).status, 400);
    }
    assert.ok(count() - before <= 1);
    assert.ok(!provider.asked.includes('GET /evil'));
  });

  test('R61 what is no form with one token ends nothing', async () => {
    for (const body of ['', 'logout_token=', 'logout_token=a&logout_token=b', 'logout_token=a.b.c', 'x=y']) {
      assert.equal((await form(body)).status, 400, body);
    }
    assert.equal((await form('logout_token=a.b.c', 'application/json')).status, 400);
  });

  test('R61 where the provider’s keys cannot be had, the provider hears that it should try again', async () => {
    provider.silence();
    await assert.rejects(tell());
    provider.answer();
    assert.deepEqual(gate.ended, []);
  });

  function deskOf(steps: string[]): LoginDesk {
    return {
      admit: async () => [],
      leave: async () => {
        steps.push('left');
        return ['__Host-sallyport=; Path=/; Max-Age=0'];
      },
      stored: async () => gate.admitted.at(-1) ?? null,
      end: async () => 0,
    };
  }

  test('R34 logout is a POST of a page of ours, and says where the provider’s session ends', async () => {
    await gate.visitor('session').login('one');
    const steps: string[] = [];
    const endpoint = createLogout(deskOf(steps), byName(gate));
    assert.equal(endpoint.method, 'POST');
    assert.equal(endpoint.asks, 'site');
    const call = gate.visitor('session').call('POST', '/logout', { body: '{}' });
    const answer = await endpoint.answer(call);
    assert.deepEqual(steps, ['left']);
    assert.equal(valuesOf(answer, 'set-cookie').length, 1);
    const { redirect } = JSON.parse(String(answer.body)) as { redirect: string };
    const url = new URL(redirect);
    assert.equal(url.origin, provider.issuer);
    assert.equal(url.searchParams.get('post_logout_redirect_uri'), `${GATE}/goodbye`);
    assert.equal(url.searchParams.get('id_token_hint'), gate.admitted[0]?.tokens?.id);
    assert.equal(url.searchParams.get('client_id'), CLIENT.id);
    const shown = await fetch(url);
    assert.equal(shown.status, 200, 'the provider takes it');
  });

  test('R60 an ID token that opens the backend does not travel through the browser', async () => {
    gate = createTestGate({ providers: { one: { issuer: provider.issuer, relay: 'id' } } });
    await gate.visitor('session').login('one');
    const login = gate.admitted[0] ?? assert.fail();
    const url = await gate.sources[0]?.signOut?.(login, GATE);
    assert.ok(url?.includes(`client_id=${CLIENT.id}`));
    assert.ok(!url?.includes('id_token_hint'));
  });

  test('a logout does not wait for a provider that never answers', async (context) => {
    await gate.visitor('session').login('one');
    const login = gate.admitted[0] ?? assert.fail();
    const deaf = createTestGate({
      providers: { one: { issuer: provider.issuer } },
      fetch: () => new Promise(() => {}),
    });
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const url = deaf.sources[0]?.signOut?.(login, GATE);
    context.mock.timers.tick(2000);
    assert.equal(await url, '');
  });

  test('a logout with the provider down, or without a login, is a logout', async () => {
    const steps: string[] = [];
    const endpoint = createLogout(deskOf(steps), byName(gate));
    const call = gate.visitor('session').call('POST', '/logout', { body: '{}' });
    assert.equal((await endpoint.answer(call)).body, '{"redirect":""}');
    await gate.visitor('session').login('one');
    const fresh = createTestGate({ providers: { one: { issuer: provider.issuer } } });
    provider.silence();
    const late = await createLogout(deskOf(steps), byName(fresh)).answer(call);
    provider.answer();
    assert.equal(late.body, '{"redirect":""}');
    assert.equal(steps.length, 2);
  });
});

const byName = ({ sources }: TestGate) => new Map(sources.map((source) => [source.name, source]));
