import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, valuesOf } from './visitor.ts';

/** A metadata document, and nothing else. */
const metadataOf = (issuer: string, changes: object = {}): object => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  ...changes,
});

const json = (value: unknown): Response =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });

suite('a provider that is down', () => {
  let provider: TestProvider;

  before(async () => {
    provider = await startProvider({ gate: () => GATE, name: 'one' });
  });
  beforeEach(() => {
    provider.intercept = null;
    provider.asked.length = 0;
  });
  after(() => provider.close());

  test('a new login gets a clear answer, a moment later the next one works, and nothing was asked before the first', async () => {
    const gate = createTestGate({ providers: { one: { issuer: provider.issuer } } });
    const visitor = gate.visitor('session');
    assert.deepEqual(provider.asked, []);
    provider.silence();
    const answer = await visitor.ask('GET', '/login/one?return=/posts');
    assert.equal(answer.status, 503);
    assert.match(String(answer.body), /unsure/);
    assert.match(String(answer.body), /return=%2Fposts/);
    assert.deepEqual(valuesOf(answer, 'retry-after'), ['30']);
    assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
    provider.answer();
    gate.ahead = 6;
    assert.equal((await visitor.login('one')).status, 303);
  });

  test('it is asked once at a time, and not again while it cools down', async () => {
    const asked: string[] = [];
    const issuer = 'https://login.example';
    const gate = createTestGate({
      providers: { one: { issuer } },
      fetch: async (url) => {
        asked.push(url);
        throw new TypeError('fetch failed');
      },
    });
    const visitor = gate.visitor();
    await Promise.all(Array.from({ length: 50 }, () => visitor.ask('GET', '/login/one')));
    await visitor.ask('GET', '/login/one');
    assert.deepEqual(asked, [`${issuer}/.well-known/openid-configuration`]);
    gate.ahead = 6;
    await visitor.ask('GET', '/login/one');
    assert.equal(asked.length, 2);
  });

  test('a code that cannot be exchanged for now is told as such', async () => {
    const gate = createTestGate({ providers: { one: { issuer: provider.issuer } } });
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('one'));
    provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
      return true;
    };
    const answer = await visitor.arrive(url);
    assert.equal(answer.status, 503);
    assert.doesNotMatch(String(answer.body), /Bad gateway/);
    assert.equal(gate.admitted.length, 0);
  });

  test('R54 metadata of another issuer than the configured text logs nobody in', async () => {
    for (const issuer of ['https://login.example/', 'https://LOGIN.example', 'https://evil.example']) {
      const gate = createTestGate({
        providers: { one: { issuer: 'https://login.example' } },
        fetch: async () => json(metadataOf(issuer)),
      });
      assert.equal((await gate.visitor().ask('GET', '/login/one')).status, 503, issuer);
    }
    const gate = createTestGate({
      providers: { one: { issuer: 'https://login.example' } },
      fetch: async () => json(metadataOf('https://login.example')),
    });
    assert.equal((await gate.visitor().ask('GET', '/login/one')).status, 303);
  });

  test('R54 providers of many tenants get no exception', async () => {
    const gate = createTestGate({
      providers: { one: { issuer: 'https://login.microsoftonline.com/common/v2.0' } },
      fetch: async () => json(metadataOf('https://login.microsoftonline.com/{tenantid}/v2.0')),
    });
    const answer = await gate.visitor().ask('GET', '/login/one');
    assert.equal(answer.status, 503);
    assert.match(answer.refused?.evidence ?? '', /\{tenantid\}/, 'the owner reads both names');
  });

  test('answers without end, redirects and pages are no metadata', async () => {
    const endless = (): Response => {
      let sent = 0;
      const body = new ReadableStream({
        pull(controller) {
          sent++;
          if (sent > 1000) throw new Error('read to the end');
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
    for (const answer of [
      endless,
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1/' } }),
      () => new Response('<h1>hello</h1>', { headers: { 'content-type': 'text/html' } }),
      () => json([]),
      () => json({}),
      () => new Response('{', { headers: { 'content-type': 'application/json' } }),
    ]) {
      const gate = createTestGate({
        providers: { one: { issuer: 'https://login.example' } },
        fetch: async () => answer(),
      });
      assert.equal((await gate.visitor().ask('GET', '/login/one')).status, 503);
    }
  });

  test('metadata over TLS cannot lead the gate to plain HTTP or anywhere else', async () => {
    const asked: string[] = [];
    const issuer = 'https://login.example';
    const gate = createTestGate({
      providers: { one: { issuer } },
      fetch: async (url) => {
        asked.push(url);
        return json(metadataOf(issuer, { pushed_authorization_request_endpoint: 'http://169.254.169.254/latest' }));
      },
    });
    const answer = await gate.visitor().ask('GET', '/login/one');
    assert.notEqual(answer.status, 303);
    assert.deepEqual(asked, [`${issuer}/.well-known/openid-configuration`]);
  });

  test('metadata that is old is renewed while the old one serves', async () => {
    const gate = createTestGate({ providers: { one: { issuer: provider.issuer, pushed: false } } });
    const visitor = gate.visitor('session');
    await visitor.begin('one');
    const count = (): number => provider.asked.filter((line) => line.includes('openid-configuration')).length;
    assert.equal(count(), 1);
    provider.silence();
    gate.ahead = 3601;
    assert.match(await visitor.begin('one'), /^http/, 'the provider is down and nobody waits for it');
    provider.answer();
  });
});
