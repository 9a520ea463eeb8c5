import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { StoredLogin } from '../../../src/identity/source.ts';
import { startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate } from './visitor.ts';

suite('R60 renewal', () => {
  let provider: TestProvider;
  let gate: TestGate;

  before(async () => {
    provider = await startProvider({ gate: () => GATE, name: 'one' });
  });
  beforeEach(() => {
    provider.intercept = null;
    gate = createTestGate({ providers: { one: { issuer: provider.issuer, relay: 'access' } } });
  });
  after(() => provider.close());

  async function login(): Promise<StoredLogin> {
    await gate.visitor('session').login('one');
    return gate.admitted.at(-1) ?? assert.fail('nobody was admitted');
  }

  const renew = (stored: StoredLogin): Promise<StoredLogin | null> => {
    const [source] = gate.sources;
    return source?.renew?.(stored) ?? assert.fail('nothing renews');
  };

  const tokenCalls = (): number => provider.asked.filter((line) => line === 'POST /token').length;

  test('R60 a renewed login has new tokens and is of the same person, as they logged in', async () => {
    const old = await login();
    const fresh = (await renew(old)) ?? assert.fail('ended');
    assert.notEqual(fresh.tokens?.access, old.tokens?.access);
    assert.notEqual(fresh.tokens?.refresh, old.tokens?.refresh, 'the provider rotates');
    assert.deepEqual(fresh.subject, old.subject);
    assert.equal(fresh.created, old.created);
    assert.equal(fresh.expires, old.expires, 'renewal does not lengthen a session');
    assert.equal(fresh.sid, old.sid);
    assert.ok((fresh.tokens?.expires ?? 0) > Date.now());
    assert.ok((await renew(fresh)) !== null, 'and again');
  });

  test('R60 a hundred calls at once make one request, and who comes late gets its answer (L18)', async () => {
    const old = await login();
    const before = tokenCalls();
    const all = await Promise.all(Array.from({ length: 100 }, () => renew(old)));
    assert.equal(new Set(all.map((stored) => stored?.tokens?.access)).size, 1);
    const late = await renew(old);
    assert.equal(late?.tokens?.access, all[0]?.tokens?.access);
    assert.equal(tokenCalls(), before + 1);
    assert.ok(late !== null && (await renew(late)) !== null, 'the family of tokens lives');
  });

  test('R60 a refusal by the provider ends the login', async () => {
    const old = await login();
    const tokens = old.tokens ?? assert.fail();
    assert.equal(await renew({ ...old, tokens: { ...tokens, refresh: 'revoked' } }), null);
    assert.equal(gate.events.at(-1)?.why, 'provider: invalid_grant');
  });

  test('R60 a provider that is down, or says so, leaves the login as it is; later it is asked again', async () => {
    const old = await login();
    provider.silence();
    await assert.rejects(renew(old));
    provider.answer();
    provider.intercept = (_request, response) => {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>maintenance</h1>');
      return true;
    };
    await assert.rejects(renew(old));
    provider.intercept = null;
    assert.notEqual(await renew(old), null);
  });

  test('R60 a UserInfo endpoint that is down does not cost the new refresh token', async () => {
    gate = createTestGate({ providers: { one: { issuer: provider.issuer, userinfo: true } } });
    const old = await login();
    provider.intercept = (request, response) => {
      if (request.url === '/me') response.writeHead(503).end();
      return request.url === '/me';
    };
    const fresh = (await renew(old)) ?? assert.fail('ended');
    assert.notEqual(fresh.tokens?.refresh, old.tokens?.refresh);
    assert.deepEqual(fresh.subject, old.subject);
    provider.intercept = null;
    assert.ok((await renew(fresh)) !== null, 'the family of tokens lives');
  });

  test('R60 our own mistake at the provider leaves logins as they are', async () => {
    const old = await login();
    provider.intercept = (_request, response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
      return true;
    };
    await assert.rejects(renew(old));
  });

  test('a login without a refresh token has nothing to renew, and ends with the token it relays', async () => {
    const plain = await startProvider({
      gate: () => GATE,
      name: 'one',
      configuration: { issueRefreshToken: async () => false },
    });
    try {
      for (const relay of ['access', 'id', 'none'] as const) {
        const own = createTestGate({ providers: { one: { issuer: plain.issuer, relay } } });
        await own.visitor('session').login('one');
        const stored = own.admitted[0] ?? assert.fail();
        assert.equal(stored.tokens?.expires, 0, 'so that nobody asks for it');
        assert.equal(await own.sources[0]?.renew?.(stored), stored);
        const short = stored.expires < Date.now() + 61_000;
        assert.equal(short, relay !== 'none', relay);
      }
    } finally {
      await plain.close();
    }
  });

  test('R60 renewal that speaks of another person ends the login', async () => {
    const old = await login();
    const other = { ...old, subject: { ...old.subject, id: 'bob' } };
    assert.equal(await renew(other), null);
  });
});
