import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, suite, test } from 'node:test';
import { GOLD, SILVER, startProvider, type TestProvider } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

suite('a login at a real provider', () => {
  let provider: TestProvider;
  let gate: TestGate;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-oidc-'));

  before(async () => {
    provider = await startProvider({ gate: () => GATE, name: 'one' });
  });
  beforeEach(() => {
    provider.persona = { sub: 'alice' };
    provider.asked.length = 0;
    gate = createTestGate({ providers: { one: { issuer: provider.issuer, pushed: false, label: 'A & B' } } });
  });
  after(async () => {
    await provider.close();
    rmSync(folder, { recursive: true });
  });

  test('R51 goes by authorization code with PKCE S256, state and nonce, whatever the query asks for', async () => {
    const visitor = gate.visitor('session');
    const query = 'return=/posts&response_type=token&code_challenge_method=plain&redirect_uri=https://evil.example';
    const { searchParams } = new URL(await visitor.begin('one', query));
    assert.equal(searchParams.get('response_type'), 'code');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(searchParams.get('redirect_uri'), `${GATE}/_sallyport/callback/one`);
    for (const name of ['code_challenge', 'state', 'nonce']) assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/);
    assert.equal(searchParams.getAll('response_type').length, 1);
  });

  test('R52 R56 a person logs in and goes on to the page they came from', async () => {
    const visitor = gate.visitor('session');
    const answer = await visitor.login('one', 'return=/posts/1?a=b');
    assert.equal(answer.status, 303, String(answer.body));
    assert.deepEqual(valuesOf(answer, 'location'), ['/posts/1?a=b']);
    assert.equal(visitor.cookies.get('__Host-sallyport-login'), '1');
    assert.equal(
      [...visitor.cookies.keys()].filter((name) => name.includes('-t-')).length,
      0,
      'the attempt is cleared',
    );
    const { subject, tokens } = gate.admitted[0] ?? assert.fail();
    assert.equal(subject.id, 'alice');
    assert.equal(subject.source, 'one');
    assert.deepEqual(gate.events, [{ what: 'login', subject: 'alice', why: '', outcome: 'done' }]);
    assert.equal(tokens?.access, '', 'an access token that nobody relays is not kept');
  });

  test('R60 no token and no code is in anything that the browser gets', async () => {
    const relaying = createTestGate({ providers: { one: { issuer: provider.issuer, relay: 'access' } } });
    const answer = await relaying.visitor('session').login('one');
    const { tokens } = relaying.admitted[0] ?? assert.fail();
    assert.ok(tokens !== null && tokens.access.length > 20 && tokens.refresh.length > 20 && tokens.id.length > 20);
    const seen = JSON.stringify(answer);
    for (const secret of [tokens.access, tokens.refresh, tokens.id]) assert.ok(!seen.includes(secret));
    assert.ok(!JSON.stringify(relaying.events).includes(tokens.id));
  });

  test('R51 requests are pushed where the provider offers it (RFC 9126)', async () => {
    const pushing = createTestGate({ providers: { one: { issuer: provider.issuer } } });
    const visitor = pushing.visitor('session');
    const url = new URL(await visitor.begin('one'));
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    assert.equal((await visitor.arrive(await visitor.travel(url.href))).status, 303);
    assert.equal(pushing.admitted.length, 1);
  });

  test('R52 tabs log in side by side, in any order', async () => {
    const visitor = gate.visitor('session');
    const tabs = [];
    for (const tab of ['a', 'b', 'c']) tabs.push(await visitor.travel(await visitor.begin('one', `return=/${tab}`)));
    const answers = [];
    for (const url of tabs.reverse()) answers.push(await visitor.arrive(url));
    assert.deepEqual(
      answers.flatMap((answer) => valuesOf(answer, 'location')),
      ['/c', '/b', '/a'],
    );
    assert.equal(gate.admitted.length, 3);
  });

  test('R52 a second tab goes on when the first one has made a new session of the same person', async () => {
    const visitor = gate.visitor('first');
    const tabs = [await visitor.begin('one', 'return=/a'), await visitor.begin('one', 'return=/b')];
    const arrivals = [];
    for (const tab of tabs) arrivals.push(await visitor.travel(tab));
    await visitor.arrive(arrivals[0] ?? '');
    const { subject } = gate.admitted[0] ?? assert.fail();
    visitor.session = { id: 'second', label: 'label', login: { subject, expires: Number.MAX_SAFE_INTEGER, relay: '' } };
    assert.deepEqual(valuesOf(await visitor.arrive(arrivals[1] ?? ''), 'location'), ['/b']);
  });

  test('R52 a second tab does not turn the session of one person into that of another', async () => {
    const visitor = gate.visitor('first');
    const url = await visitor.travel(await visitor.begin('one'));
    await gate.visitor('other').login('one');
    const { subject } = gate.admitted[0] ?? assert.fail();
    const other = { ...subject, id: 'bob' };
    visitor.session = { id: 'second', label: 'label', login: { subject: other, expires: 1e15, relay: '' } };
    const answer = await visitor.arrive(url);
    assert.equal(answer.status, 403);
    assert.match(String(answer.body), /login-changed/);
    assert.equal(gate.admitted.length, 1);
  });

  test('R52 login CSRF: a callback of somebody else’s attempt logs nobody in', async () => {
    const attacker = gate.visitor('attacker');
    const url = await attacker.travel(await attacker.begin('one'));
    const victim = gate.visitor('victim');
    const answer = await victim.arrive(url);
    assert.equal(answer.status, 401);
    assert.match(String(answer.body), /login-failed/);
    assert.ok(valuesOf(answer, 'www-authenticate').length === 1);
    assert.equal(gate.admitted.length, 0);
    assert.equal(provider.asked.filter((line) => line === 'POST /token').length, 0, 'nothing was asked for it');
  });

  test('R52 an attempt carried into another session logs nobody in', async () => {
    const attacker = gate.visitor('attacker');
    const url = await attacker.travel(await attacker.begin('one'));
    const victim = gate.visitor('victim');
    for (const [name, value] of attacker.cookies) victim.cookies.set(name, value);
    assert.equal((await victim.arrive(url)).status, 401);
    assert.equal(gate.admitted.length, 0);
  });

  test('R52 a replayed callback logs nobody in', async () => {
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('one'));
    const cookies = new Map(visitor.cookies);
    assert.equal((await visitor.arrive(url)).status, 303);
    for (const [name, value] of cookies) visitor.cookies.set(name, value);
    assert.equal((await visitor.arrive(url)).status, 401);
    assert.equal(gate.admitted.length, 1);
  });

  test('R52 swapped states log nobody in', async () => {
    const visitor = gate.visitor('session');
    const urls = [];
    for (const _ of [1, 2]) urls.push(new URL(await visitor.travel(await visitor.begin('one'))));
    const [first = assert.fail(), second = assert.fail()] = urls;
    const code = first.searchParams.get('code') ?? '';
    first.searchParams.set('code', second.searchParams.get('code') ?? '');
    second.searchParams.set('code', code);
    for (const url of [first, second]) assert.equal((await visitor.arrive(url.href)).status, 401);
    assert.equal(gate.admitted.length, 0);
  });

  test('R52 code injection: a stolen code does not fit the attempt of its thief', async () => {
    const victim = gate.visitor('victim');
    const stolen = new URL(await victim.travel(await victim.begin('one'))).searchParams.get('code') ?? '';
    provider.persona = { sub: 'mallory' };
    const thief = gate.visitor('thief');
    const url = new URL(await thief.travel(await thief.begin('one')));
    url.searchParams.set('code', stolen);
    assert.equal((await thief.arrive(url.href)).status, 401);
    assert.equal(gate.admitted.length, 0);
  });

  test('R52 an attempt ends after ten minutes, and the page says how to begin anew', async () => {
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('one', 'return=/posts'));
    gate.ahead = 601;
    const answer = await visitor.arrive(url);
    assert.equal(answer.status, 401);
    assert.match(String(answer.body), /href="\/_sallyport\/login\/one\?return=%2Fposts">Try again with A &#38; B</);
    assert.deepEqual(valuesOf(answer, 'location'), [], 'no redirect, so no loop');
  });

  test('R52 who is logged in goes on where a late attempt wanted to go (L17)', async () => {
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('one', 'return=/posts/2'));
    await visitor.arrive(await visitor.travel(await visitor.begin('one')));
    const { subject } = gate.admitted[0] ?? assert.fail();
    visitor.session = { id: 'session', label: 'label', login: { subject, expires: 1e15, relay: '' } };
    gate.ahead = 601;
    const answer = await visitor.arrive(url);
    assert.deepEqual(valuesOf(answer, 'location'), ['/posts/2']);
    assert.equal(gate.admitted.length, 1);
  });

  test('R52 repeated, missing and overlong parameters log nobody in', async () => {
    const visitor = gate.visitor('session');
    const url = new URL(await visitor.travel(await visitor.begin('one')));
    const state = url.searchParams.get('state') ?? '';
    for (const query of ['', '?code=x', `?state=${state}&state=${state}`, `?state=${'a'.repeat(9000)}`, '?state=%00']) {
      assert.equal((await visitor.ask('GET', `/callback/one${query}`)).status, 401, query);
    }
    const doubled = `${url.href}&code=other`;
    assert.equal((await visitor.arrive(doubled)).status, 401);
    assert.equal(gate.admitted.length, 0);
  });

  test('a person who declines sees a page with a code, and nothing that the provider wrote freely', async () => {
    provider.persona = { sub: 'nobody' };
    const visitor = gate.visitor('session');
    const answer = await visitor.login('one');
    assert.equal(answer.status, 401);
    assert.match(String(answer.body), /login-failed/);
    assert.doesNotMatch(String(answer.body), /secret/);
    assert.deepEqual(answer.refused, { code: 'login-failed', evidence: 'provider: access_denied' });
  });

  test('R34 what a page fetches ahead or frames begins no login', async () => {
    const visitor = gate.visitor('session');
    for (const headers of [
      { 'sec-purpose': 'prefetch;prerender' },
      { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' },
    ]) {
      const answer = await visitor.ask('GET', '/login/one', { headers });
      assert.equal(answer.status, 403);
      assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
    }
    const person = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' };
    assert.equal((await visitor.ask('GET', '/login/one', { headers: person })).status, 303);
  });

  test('R55 a login returns to this site alone, or to a listed origin', async () => {
    const visitor = gate.visitor('session');
    for (const to of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/%09/../\t/evil',
      '/.//evil.example',
    ]) {
      const answer = await visitor.ask('GET', `/login/one?return=${encodeURIComponent(to)}`);
      assert.equal(answer.status, 400, to);
    }
    const listed = createTestGate({
      providers: { one: { issuer: provider.issuer } },
      returnTo: ['https://app.example'],
    });
    const answer = await listed.visitor('session').login('one', 'return=https://app.example/x?y=1');
    assert.deepEqual(valuesOf(answer, 'location'), ['https://app.example/x?y=1']);
  });

  test('a login begins only by a name of ours', async () => {
    const visitor = gate.visitor('session');
    const answer = await visitor.ask('GET', '/login/one', { headers: { host: 'localhost:4000' } });
    assert.equal(answer.status, 303);
    const foreign = await visitor.ask('GET', '/login/one', { authority: 'evil.example' });
    assert.equal(foreign.status, 421);
  });

  test('R62 a login by acr has it, and one without it logs nobody in', async () => {
    const strong = createTestGate({ providers: { one: { issuer: provider.issuer, acrValues: [GOLD] } } });
    provider.persona = { sub: 'alice', acr: SILVER };
    const weak = await strong.visitor('session').login('one');
    assert.equal(weak.status, 401);
    assert.match(String(weak.body), /step-up/);
    assert.equal(strong.admitted.length, 0);
    provider.persona = { sub: 'alice', acr: GOLD, amr: ['pwd', 'otp'] };
    assert.equal((await strong.visitor('session').login('one')).status, 303);
    assert.equal(strong.admitted[0]?.subject.acr, GOLD);
    assert.deepEqual(strong.admitted[0]?.subject.amr, ['pwd', 'otp']);
  });

  test('R62 step-up: the same person shows more, lately', async () => {
    const routes = [{ match: 'DELETE /api/posts/:id', user: { acr: [GOLD], maxAge: 60 } }];
    const stepped = createTestGate({ providers: { one: { issuer: provider.issuer } }, config: { routes } });
    const visitor = stepped.visitor('session');
    provider.persona = { sub: 'alice', acr: SILVER };
    await visitor.login('one');
    provider.persona = { sub: 'alice', acr: GOLD };
    const answer = await visitor.login('one', `return=/posts&acr=${GOLD}&max_age=0`);
    assert.equal(answer.status, 303, String(answer.body));
    const [first = assert.fail(), second = assert.fail()] = stepped.admitted.map(({ subject }) => subject);
    assert.equal(second.acr, GOLD);
    assert.ok(second.authTime >= Math.floor(Date.now() / 1000) - 60, 'the provider said when');
    assert.equal(first.id, second.id);
  });

  test('R62 a link may ask for what a route asks for, and for nothing else', async () => {
    const visitor = gate.visitor('session');
    for (const query of ['acr=weak', 'max_age=x', 'max_age=-1', 'acr=a&acr=b', 'max_age=1&max_age=2']) {
      assert.equal((await visitor.ask('GET', `/login/one?${query}`)).status, 400, query);
    }
    const { searchParams } = new URL(await visitor.begin('one', 'max_age=60'));
    assert.equal(searchParams.get('max_age'), '60');
  });

  test('roles, scopes and claims come from where the configuration says', async () => {
    const own = { scopes: ['openid', 'profile', 'roles', 'posts:write'], roles: 'realm_access.roles' };
    const mapped = createTestGate({
      providers: { one: { issuer: provider.issuer, ...own, parameters: { prompt: 'login' } } },
    });
    await mapped.visitor('session').login('one');
    const { subject } = mapped.admitted[0] ?? assert.fail();
    assert.deepEqual(subject.roles, ['editor']);
    assert.deepEqual(subject.scopes, ['openid', 'profile', 'roles', 'posts:write']);
    assert.deepEqual(subject.claims, { name: 'Name of alice' });
  });

  test('claims of the UserInfo endpoint count where it is asked', async () => {
    const asking = createTestGate({
      providers: { one: { issuer: provider.issuer, scopes: ['openid', 'profile'], userinfo: true } },
    });
    await asking.visitor('session').login('one');
    assert.deepEqual(asking.admitted[0]?.subject.claims, { name: 'Name of alice' });
    assert.ok(provider.asked.includes('GET /me'));
  });

  test('a person who is blocked here logs in nowhere, and that is written down', async () => {
    gate.blocked = 'alice';
    assert.equal((await gate.visitor('session').login('one')).status, 403);
    assert.equal(gate.admitted.length, 0);
    assert.deepEqual(gate.events, [{ what: 'login', subject: 'alice', why: 'blocked', outcome: 'refused' }]);
    provider.persona = { sub: 'bob' };
    assert.equal((await gate.visitor('session').login('one')).status, 303);
  });

  test('a fault at the desk is no login', async () => {
    gate.fault = new Error('records are locked');
    const visitor = gate.visitor('session');
    const url = await visitor.travel(await visitor.begin('one'));
    await assert.rejects(visitor.arrive(url), /locked/);
    assert.equal(gate.admitted.length, 0);
  });

  for (const type of ['rsa', 'ec', 'ed25519'] as const) {
    test(`R51 a client shows who it is by a ${type} key of its own (RFC 7523)`, async () => {
      const { privateKey, publicKey } =
        type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2048 })
          : type === 'ec'
            ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
            : generateKeyPairSync('ed25519');
      const file = join(folder, `${type}.pem`);
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const keyed = await startProvider({
        gate: () => GATE,
        name: 'one',
        configuration: { enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA', 'Ed25519'] } },
        client: {
          client_secret: undefined,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }] },
        },
      });
      try {
        const own = createTestGate({ providers: { one: { issuer: keyed.issuer, clientKey: file } } });
        const answer = await own.visitor('session').login('one');
        assert.equal(answer.status, 303, answer.refused?.evidence);
      } finally {
        await keyed.close();
      }
    });
  }

  test('a client key that is none ends the start with its field and path', () => {
    const file = join(folder, 'none.pem');
    writeFileSync(file, 'not a key');
    assert.throws(
      () => createTestGate({ providers: { one: { issuer: provider.issuer, clientKey: file } } }),
      /login\.providers\.one\.clientKey is .*none\.pem.*private key/,
    );
  });
});
