import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { ProviderConfig } from '../../../src/guard/config-login.ts';
import { IDS, type PlainProvider, startPlainProvider } from './plain.ts';
import { CLIENT } from './provider.ts';
import { createTestGate, GATE, type TestGate, valuesOf } from './visitor.ts';

suite('a login at a real provider of plain OAuth 2.0', () => {
  let provider: PlainProvider;
  let gate: TestGate;

  const gateOf = (changes: Partial<ProviderConfig> = {}, config: object = {}): TestGate =>
    createTestGate({ providers: { hub: { ...provider.endpoints, ...changes } }, config });

  before(async () => {
    provider = await startPlainProvider({ gate: () => GATE, name: 'hub' });
  });
  beforeEach(() => {
    provider.persona = { sub: 'alice' };
    provider.intercept = null;
    provider.userinfo = null;
    provider.asked.length = 0;
    provider.tokens.length = 0;
    gate = gateOf();
  });
  after(() => provider.close());

  test('R51 goes by authorization code with PKCE S256 and a state, whatever the query asks for; no metadata is read', async () => {
    const query = 'return=/posts&response_type=token&code_challenge_method=plain&redirect_uri=https://evil.example';
    const { searchParams, origin } = new URL(await gate.visitor('session').begin('hub', query));
    assert.equal(origin, provider.issuer);
    assert.deepEqual(
      Object.fromEntries([...searchParams].filter(([name]) => !['state', 'code_challenge'].includes(name))),
      {
        client_id: CLIENT.id,
        response_type: 'code',
        redirect_uri: `${GATE}/_sallyport/callback/hub`,
        scope: 'read:user',
        code_challenge_method: 'S256',
      },
    );
    for (const name of ['state', 'code_challenge']) assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/);
    assert.deepEqual(provider.asked, []);
  });

  test('R51 R60 a person logs in: who it is says the API to the token of this login, which stays with the gate', async () => {
    const visitor = gate.visitor('session');
    const answer = await visitor.login('hub', 'return=/posts/1');
    assert.equal(answer.status, 303, answer.refused?.evidence);
    assert.deepEqual(valuesOf(answer, 'location'), ['/posts/1']);
    const { subject, tokens, expires, created } = gate.admitted[0] ?? assert.fail();
    assert.deepEqual(subject, {
      id: String(IDS['alice']),
      source: 'hub',
      roles: [],
      scopes: ['read:user'],
      acr: '',
      amr: [],
      authTime: 0,
      claims: { name: 'Name of alice' },
    });
    assert.equal(tokens?.id, '', 'no ID token');
    assert.equal(tokens?.access, '', 'an access token that nobody relays is not kept');
    assert.ok(expires - created > 3600_000, 'as long as sessions may');
    assert.equal(provider.tokens.length, 1);
    for (const token of [...provider.tokens, tokens?.refresh ?? '']) {
      assert.ok(token.length > 20 && !JSON.stringify([answer, gate.events]).includes(token));
    }
    assert.deepEqual(gate.events, [{ what: 'login', subject: String(IDS['alice']), why: '', outcome: 'done' }]);
  });

  test('metadata of the issuer serves where there is any (RFC 8414), and its iss is asked for (RFC 9207)', async () => {
    const document = {
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/auth`,
      token_endpoint: `${provider.issuer}/token`,
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
    };
    provider.intercept = (request, response) => {
      if (request.url !== '/.well-known/oauth-authorization-server') return false;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
      return true;
    };
    const { userinfo } = provider.endpoints.oauth;
    const told = gateOf({ issuer: provider.issuer, oauth: { userinfo: userinfo ?? '' } });
    const visitor = told.visitor('session');
    assert.equal((await visitor.login('hub')).status, 303);
    assert.equal(told.admitted[0]?.subject.id, String(IDS['alice']));
    const url = new URL(await visitor.travel(await visitor.begin('hub')));
    url.searchParams.delete('iss');
    assert.equal((await visitor.arrive(url.href)).status, 401);
    assert.equal(told.admitted.length, 1);
    const unnamed = gateOf({ issuer: provider.issuer, oauth: {} });
    const answer = await unnamed.visitor().ask('GET', '/login/hub');
    assert.equal(answer.status, 503);
    assert.match(answer.refused?.evidence ?? '', /oauth\.userinfo/, 'the owner reads what to write');
  });

  test('R53 iss is compared where it comes: with the issuer, or with where people were sent', async () => {
    for (const issuer of [undefined, provider.issuer]) {
      const own = gateOf(issuer === undefined ? {} : { issuer });
      for (const [iss, status] of [
        [provider.issuer, 303],
        [`${provider.issuer}/login/oauth`, issuer === undefined ? 303 : 401],
        [null, 303],
        ['https://evil.example', 401],
        ['not a URL', 401],
      ] as const) {
        const visitor = own.visitor('session');
        const url = new URL(await visitor.travel(await visitor.begin('hub')));
        if (iss === null) url.searchParams.delete('iss');
        else url.searchParams.set('iss', iss);
        const answer = await visitor.arrive(url.href);
        assert.equal(answer.status, status, `${issuer} ${iss} ${answer.refused?.evidence}`);
      }
      const visitor = own.visitor('session');
      const twice = `${await visitor.travel(await visitor.begin('hub'))}&iss=https://evil.example`;
      assert.equal((await visitor.arrive(twice)).status, 401);
    }
  });

  test('R52 login CSRF, replay, swapped states and a stolen code log nobody in; the honest person passes', async () => {
    const attacker = gate.visitor('attacker');
    const url = await attacker.travel(await attacker.begin('hub'));
    const victim = gate.visitor('victim');
    assert.equal((await victim.arrive(url)).status, 401, 'login CSRF');
    const thief = gate.visitor('thief');
    const own = new URL(await thief.travel(await thief.begin('hub')));
    own.searchParams.set('code', new URL(url).searchParams.get('code') ?? '');
    assert.equal((await thief.arrive(own.href)).status, 401, 'code injection: PKCE does not fit');
    const tabs = [
      new URL(await victim.travel(await victim.begin('hub'))),
      new URL(await victim.travel(await victim.begin('hub'))),
    ];
    const [first = assert.fail(), second = assert.fail()] = tabs;
    const codes = tabs.map(({ searchParams }) => searchParams.get('code') ?? '');
    first.searchParams.set('code', codes[1] ?? '');
    second.searchParams.set('code', codes[0] ?? '');
    for (const swapped of tabs) assert.equal((await victim.arrive(swapped.href)).status, 401, 'swapped');
    assert.equal(gate.admitted.length, 0);
    assert.equal(provider.tokens.length, 0, 'nobody was asked about');
    const person = gate.visitor('person');
    const good = await person.travel(await person.begin('hub'));
    const cookies = new Map(person.cookies);
    assert.equal((await person.arrive(good)).status, 303);
    for (const [name, value] of cookies) person.cookies.set(name, value);
    assert.equal((await person.arrive(good)).status, 401, 'replay');
    assert.equal(gate.admitted.length, 1);
  });

  test('R52 tabs log in side by side, in any order', async () => {
    const visitor = gate.visitor('session');
    const tabs = [];
    for (const tab of ['a', 'b', 'c']) tabs.push(await visitor.travel(await visitor.begin('hub', `return=/${tab}`)));
    const places = [];
    for (const url of tabs.reverse()) places.push(...valuesOf(await visitor.arrive(url), 'location'));
    assert.deepEqual(places, ['/c', '/b', '/a']);
  });

  test('names, addresses, roles and further claims come from where the configuration says', async () => {
    provider.person = (sub) => ({
      data: { uid: `u-${sub}`, mail: `${sub}@example.com`, ok: true },
      groups: ['a', 'b'],
      login: sub,
    });
    try {
      const mapped = gateOf({
        oauth: {
          ...provider.endpoints.oauth,
          id: 'data.uid',
          name: 'login',
          email: 'data.mail',
          emailVerified: 'data.ok',
        },
        roles: 'groups',
        claims: ['name', 'email', 'email_verified', 'login'],
      });
      const answer = await mapped.visitor('session').login('hub');
      assert.equal(answer.status, 303, answer.refused?.evidence);
      const { subject } = mapped.admitted[0] ?? assert.fail();
      assert.equal(subject.id, 'u-alice');
      assert.deepEqual(subject.roles, ['a', 'b']);
      assert.deepEqual(subject.claims, {
        name: 'alice',
        email: 'alice@example.com',
        email_verified: true,
        login: 'alice',
      });
    } finally {
      provider.person = (sub) => ({ id: IDS[sub], name: `Name of ${sub}` });
    }
  });

  test('R62 who asks how or when somebody logged in is told that this provider cannot say, and nobody is sent in circles', async () => {
    const routes = [{ match: 'DELETE /api/posts/:id', user: { acr: ['gold'], maxAge: 60 } }, { match: '/api/**' }];
    const asking = createTestGate({
      providers: { hub: provider.endpoints, other: { issuer: 'https://login.example' } },
      config: { routes },
    });
    for (const query of ['max_age=60', 'acr=gold', 'max_age=0']) {
      const answer = await asking.visitor('session').ask('GET', `/login/hub?${query}`);
      assert.equal(answer.status, 401);
      assert.match(String(answer.body), /cannot show that/);
      assert.deepEqual([...valuesOf(answer, 'location'), ...valuesOf(answer, 'set-cookie')], []);
    }
    assert.equal((await asking.visitor('session').login('hub')).status, 303, 'a login as such works');
  });

  test('R61 no back-channel logout: nothing could be checked', async () => {
    await assert.rejects(gate.visitor().ask('POST', '/backchannel/hub'), /nothing at/);
  });

  test('at logout the token is ended at the provider (RFC 7009), where it has a place for that', async () => {
    for (const revocation of [true, false]) {
      const { oauth } = provider.endpoints;
      const own = gateOf({
        oauth: { ...oauth, ...(revocation ? { revocation: `${provider.issuer}/token/revocation` } : {}) },
      });
      await own.visitor('session').login('hub');
      const stored = own.admitted[0] ?? assert.fail();
      provider.asked.length = 0;
      assert.equal(await own.sources[0]?.signOut?.(stored, GATE), '', 'the browser is sent nowhere');
      const done = async (): Promise<boolean> => {
        for (let turn = 0; turn < 100; turn++) {
          if (provider.asked.length > 0) return true;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return false;
      };
      if (revocation) assert.ok(await done());
      const expected = revocation ? ['POST /token/revocation'] : [];
      assert.deepEqual(provider.asked, expected);
      if (revocation) assert.equal(await own.sources[0]?.renew?.(stored), null, 'it is worth nothing any more');
    }
  });
});
