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
