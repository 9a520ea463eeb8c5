import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const GOOD = { issuer: 'https://login.example', clientId: 'gate', clientSecret: 'a-secret-of-the-gate' };

/** Lines of the error, each `field is value; rule`; empty where the configuration is taken. */
function problemsOf(login: unknown): string[] {
  try {
    parseConfig({ to: 'http://localhost:3000', login }, 'file');
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ field, value, rule }) => `${field} is ${value}; ${rule}`);
  }
}

const provider = (changes: object): string[] => problemsOf({ providers: { one: { ...GOOD, ...changes } } });

suite('login providers', () => {
  test('what a provider needs is enough', () => {
    assert.deepEqual(provider({}), []);
    assert.deepEqual(problemsOf({ providers: { one: { ...GOOD, issuer: 'http://127.0.0.1:9000/a' } } }), []);
    assert.deepEqual(problemsOf({ providers: {} }), []);
  });

  test('R51 no other flow than the code flow can be written down', () => {
    for (const field of ['responseType', 'response_type', 'grantType', 'username', 'password', 'flow', 'pkce']) {
      const [line = ''] = provider({ [field]: 'token' });
      assert.match(line, new RegExp(`^login.providers.one.${field} is .*there is no such field`), field);
    }
    for (const name of [
      'response_type',
      'response_mode',
      'redirect_uri',
      'code_challenge_method',
      'state',
      'nonce',
      'request',
      'client_id',
      'scope',
    ]) {
      const [line = ''] = provider({ parameters: { [name]: 'x' } });
      assert.match(line, /only prompt, .* may be added/, name);
    }
    assert.deepEqual(provider({ parameters: { prompt: 'select_account', resource: 'https://api.example' } }), []);
  });

  for (const [issuer, rule] of [
    ['http://login.example', /write https:/],
    ['login.example', /write the provider’s issuer/],
    ['https://user:pass@login.example', /no user/],
    ['https://login.example?x=1', /no user, query/],
    ['https://login.example#x', /no user, query/],
    ['https://login.example/.well-known/openid-configuration', /write the issuer alone: https:\/\/login.example/],
  ] as const) {
    test(`R54 ${issuer} is no issuer`, () => {
      assert.match(provider({ issuer }).join(), rule);
    });
  }

  test('no secret comes back in an error, whatever is wrong with it', () => {
    const secret = 'hunter2hunter2';
    const wrong = [
      { providers: { one: { ...GOOD, clientSecret: { value: secret } } } },
      { providers: { one: { ...GOOD, clientSecret: `${secret}\n` } } },
      { providers: { one: { ...GOOD, clientsecret: secret } } },
      { providers: { one: secret } },
      { providers: [{ ...GOOD, clientSecret: secret }] },
      { providers: { 'Not A Name': { ...GOOD, clientSecret: secret } } },
      { clientSecret: secret },
      secret,
    ];
    for (const login of wrong) {
      const lines = problemsOf(login);
      assert.ok(lines.length > 0, JSON.stringify(login));
      assert.ok(!lines.join().includes(secret), lines.join());
    }
  });

  test('a provider without a secret or key, or with both, is named', () => {
    const { clientSecret: _, ...without } = GOOD;
    assert.match(problemsOf({ providers: { one: without } }).join(), /login\.providers\.one\.clientSecret is nothing/);
    assert.match(provider({ clientKey: 'key.pem' }).join(), /keep one of clientSecret and clientKey/);
    const keyed = { ...without, clientKey: 'key.pem', clientAuth: 'post' };
    assert.match(problemsOf({ providers: { one: keyed } }).join(), /leave it out/);
  });

  for (const [changes, rule] of [
    [{ scopes: ['email'] }, /without "openid"/],
    [{ scopes: ['openid email'] }, /one scope for each item/],
    [{ postLogout: 'https://evil.example' }, /write a path of this site/],
    [{ postLogout: '//evil.example' }, /write a path of this site/],
    [{ acrValues: ['a b'] }, /without spaces/],
    [{ maxAge: -1 }, /whole number/],
    [{ relay: 'refresh' }, /write one of access, id, none/],
  ] as const) {
    test(`${JSON.stringify(changes)} is refused`, () => {
      assert.match(provider(changes).join(), rule);
    });
  }

  const ENDPOINTS = {
    authorization: 'https://hub.example/login/oauth/authorize',
    token: 'https://hub.example/login/oauth/access_token',
    userinfo: 'https://api.hub.example/user?fields=id,name',
  };
  const { issuer, ...CLIENT } = GOOD;
  const plain = (oauth: object, changes: object = {}): string[] =>
    problemsOf({ providers: { one: { ...CLIENT, oauth, ...changes } } });

  test('plain OAuth 2.0 needs three endpoints, or an issuer that has metadata', () => {
    assert.deepEqual(plain(ENDPOINTS), []);
    assert.deepEqual(plain(ENDPOINTS, { issuer, scopes: ['read:user'], relay: 'access' }), []);
    assert.deepEqual(plain({}, { issuer, postLogout: '/goodbye' }), []);
    assert.deepEqual(plain({ userinfo: ENDPOINTS.userinfo, id: 'data.id' }, { issuer }), []);
    assert.deepEqual(plain({ ...ENDPOINTS, userinfo: 'http://127.0.0.1:9000/user' }), []);
    assert.match(
      plain({}).join(),
      /login\.providers\.one\.oauth is {}; write authorization, token and userinfo, or the iss/,
    );
    for (const name of ['authorization', 'token', 'userinfo']) {
      const { [name]: _, ...others } = ENDPOINTS as Record<string, string>;
      assert.match(plain(others).join(), new RegExp(`oauth\\.${name} is nothing; .*written together`));
    }
    assert.match(
      problemsOf({ providers: { one: CLIENT } }).join(),
      /one\.issuer is nothing; write the provider’s issuer/,
    );
  });

  for (const [oauth, rule] of [
    [{ token: 'http://hub.example/token' }, /oauth\.token is .*write https:/],
    [{ userinfo: 'http://hub.example/user' }, /oauth\.userinfo is .*write https:/],
    [{ revocation: 'hub.example' }, /oauth\.revocation is .*write the address/],
    [{ token: 'https://user:pass@hub.example/token' }, /no user/],
    [{ userinfo: 'https://hub.example/user#x' }, /no user and no #/],
    [{ authorization: 'https://hub.example/authorize?response_type=token' }, /no query/],
    [{ token: 'https://hub.example/token?grant_type=password' }, /no query/],
    [{ id: 'email' }, /come to belong to somebody else/],
    [{ id: 'data.E-Mail' }, /come to belong to somebody else/],
    [{ id: 'login' }, /come to belong to somebody else/],
    [{ name: '' }, /one line/],
    [{ grant: 'password' }, /there is no such field/],
  ] as const) {
    test(`R51 oauth ${JSON.stringify(oauth)} is refused`, () => {
      assert.match(plain({ ...ENDPOINTS, ...oauth }).join('\n'), rule);
    });
  }

  for (const [changes, rule] of [
    [{ acrValues: ['gold'] }, /acrValues is .*does not say how or when/],
    [{ maxAge: 60 }, /maxAge is 60; .*does not say how or when/],
    [{ userinfo: true }, /always asked/],
    [{ relay: 'id' }, /no ID token/],
    [{ scopes: ['openid', 'email'] }, /leave out oauth and write the issuer/],
    [{ postLogout: '/goodbye' }, /leave it out/],
    [{ clientSecret: undefined, clientKey: 'key.pem' }, /issuer is nothing; .*RFC 7523/],
  ] as const) {
    test(`${JSON.stringify(changes)} does not fit plain OAuth 2.0`, () => {
      const own = { ...CLIENT, oauth: ENDPOINTS, ...changes };
      const { clientSecret, ...others } = own;
      const one = clientSecret === undefined ? others : own;
      assert.match(problemsOf({ providers: { one } }).join('\n'), rule);
    });
  }

  test('R62 a route that asks what no provider could answer is named, and taken where one could', () => {
    const routes = [{ match: 'DELETE /api/posts/:id', user: { maxAge: 60 } }, { match: '/api/**' }];
    const parse = (providers: object): unknown =>
      parseConfig({ to: 'http://localhost:3000', login: { providers }, routes }, 'file');
    const hub = { ...CLIENT, oauth: ENDPOINTS };
    assert.throws(() => parse({ hub }), /routes\[0\]\.user is .*would refuse everybody/);
    assert.ok(parse({ hub, one: GOOD }));
  });

  for (const name of ['One', 'a/b', '', 'a'.repeat(32), '../x', 'jwt', 'accounts']) {
    test(`${JSON.stringify(name)} is no name of a provider`, () => {
      assert.ok(problemsOf({ providers: { [name]: GOOD } }).length > 0);
    });
  }

  test('R55 only origins are listed for returning', () => {
    assert.deepEqual(problemsOf({ returnTo: ['https://app.example'] }), []);
    for (const value of ['https://app.example/', '*', 'app.example', 'https://*.example']) {
      assert.ok(problemsOf({ returnTo: [value] }).length > 0, value);
    }
  });
});
