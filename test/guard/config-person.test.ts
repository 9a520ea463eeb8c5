import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

/** Lines of the error, each `field is value; rule`; empty where the configuration is taken. */
function problemsOf(config: unknown): string[] {
  try {
    parseConfig(config, 'file');
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ field, value, rule }) => `${field} is ${value}; ${rule}`);
  }
}

const PROVIDER = { issuer: 'https://login.example', clientId: 'gate', clientSecret: 'a-secret-of-the-gate' };
const LOGIN: Config['login'] = { providers: { one: PROVIDER } };
const NOBODY = {};
const route = (more: Partial<RouteConfig>, login: unknown = LOGIN, rest: object = {}): string[] =>
  problemsOf({
    ...(login === NOBODY ? {} : { login }),
    ...rest,
    routes: [{ match: 'DELETE /api/posts/:id', ...more }],
  });

suite('a route that asks for somebody', () => {
  const OWNER = { ask: 'GET /api/posts/:id', at: '$.author.id' };
  const asks: readonly Partial<RouteConfig>[] = [
    { user: true },
    { user: { maxAge: 300 } },
    { roles: ['editor'] },
    { scopes: ['posts:write'] },
    { can: () => true },
    { owner: OWNER },
  ];

  test('R64 needs a way to be somebody', () => {
    for (const ask of asks) {
      const [line = ''] = route(ask, NOBODY);
      assert.match(line, /^routes\[0\]\.\w+ is .*; nobody can log in here; add login, as in /, JSON.stringify(ask));
      assert.deepEqual(route(ask), []);
    }
  });

  test('what asks for nobody needs none', () => {
    for (const ask of [{ user: false }, { roles: [], scopes: [] }, {}]) assert.deepEqual(route(ask, NOBODY), []);
  });

  test('at a level where no session is looked at, it needs a token', () => {
    for (const level of ['site', 'open'] as const) {
      assert.match(
        route({ user: true, level }).join(),
        new RegExp(`level is "${level}"; at level "${level}" no session is looked at`),
      );
      assert.deepEqual(route({ user: true, level }, { ...LOGIN, identify: () => null }), []);
    }
    for (const level of ['session', 'proof'] as const) assert.deepEqual(route({ user: true, level }), []);
  });

  test('or a key', () => {
    assert.deepEqual(route({ scopes: ['a'], keys: [], level: 'site' }, NOBODY), []);
  });
});

suite('a question about an owner', () => {
  const owner = (more: object, match = 'DELETE /api/posts/:id'): string =>
    route({ match, owner: { ask: 'GET /api/posts/:id', at: '$.author.id', ...more } }).join();

  test('is a GET of one object that the call names', () => {
    assert.equal(owner({}), '');
    assert.equal(owner({ ask: 'GET /api/my/posts', is: ':id', at: '$[*].id' }), '');
    assert.match(owner({ ask: 'POST /api/posts/:id' }), /owner\.ask is .*the backend is asked by GET alone/);
    assert.match(owner({ ask: '/api/posts/:id' }), /owner\.ask is .*the backend is asked by GET alone/);
    assert.match(owner({ ask: 'GET /api/posts/:post' }), /the route’s match has no :post; it has :id/);
    assert.match(owner({ ask: 'GET /api/posts/*' }), /write a path without \*/);
    assert.match(owner({ ask: 'GET /api/posts' }), /this is the same whatever the call names; write :id/);
    assert.match(owner({}, 'DELETE /api/posts/*'), /the route’s match names no segment/);
    assert.match(owner({}, 'DELETE /api/:id/posts/:id'), /two segments called :id/);
    assert.match(owner({ is: ':post', ask: 'GET /api/my/posts' }), /has no :post/);
  });

  test('says where the owner stands, and as what', () => {
    assert.match(owner({ at: 'author.id' }), /owner\.at is "author\.id"; write a path/);
    assert.match(owner({ is: 'email' }), /owner\.is is "email"; write id, name, a claim as in \$\.email/);
    assert.equal(owner({ is: '$.email' }), '');
  });

  test('takes along what says who calls, and nothing that changes the question', () => {
    assert.equal(owner({ fields: ['cookie', 'authorization', 'x-tenant'] }), '');
    for (const name of ['host', 'range', 'if-none-match', 'accept-encoding', 'x-forwarded-for', 'sallyport-assertion'])
      assert.match(owner({ fields: [name] }), /this field stays with the call/, name);
    assert.match(owner({ fields: ['Cookie'] }), /in lower case/);
  });

  test('R64 says whose ids they are where people come from several sources', () => {
    const two = { providers: { one: PROVIDER, two: PROVIDER } };
    const ask = { ask: 'GET /api/posts/:id', at: '$.author.id' };
    assert.match(
      route({ owner: ask }, two).join(),
      /owner\.source is nothing; people of one and two may have the same id/,
    );
    assert.match(route({ owner: { ...ask, is: '$.email' } }, two).join(), /may have the same id/);
    assert.deepEqual(route({ owner: { ...ask, source: 'two' } }, two), []);
    assert.deepEqual(route({ owner: { ...ask, is: 'name' } }, two), []);
    assert.match(
      route({ owner: { ...ask, source: 'three' } }, two).join(),
      /there is no such source; there are one, two/,
    );
  });
});

suite('policies', () => {
  test('a route’s question needs policies to ask', () => {
    const cedar = { action: 'deletePost', resource: 'Post::":id"' };
    assert.match(route({ cedar }).join(), /routes\[0\]\.cedar is .*there are no policies to ask/);
    assert.deepEqual(route({ cedar }, LOGIN, { authorization: { cedar: { policies: 'p.cedar' } } }), []);
  });
});

suite('tokens against forged requests', () => {
  const forms = (antiForgery: object): string => problemsOf({ antiForgery }).join();

  test('fields that would weaken them are refused', () => {
    assert.equal(forms({}), '');
    assert.match(forms({ life: 5 }), /antiForgery\.life is 5; write a whole number of seconds, 60 to 86400/);
    assert.match(forms({ life: 86_401 }), /60 to 86400/);
    assert.match(forms({ headers: ['cookie'] }), /begins with x-/);
    assert.match(forms({ headers: ['X-CSRF'] }), /in lower case/);
    assert.match(forms({ field: 'a"b' }), /write a form field’s name/);
    assert.match(forms({ cookie: '__Host-x' }), /scripts read it/);
    assert.match(forms({ network: 'block' }), /write one of note, refuse/);
    assert.equal(forms({ cookie: true }) + forms({ cookie: 'csrf' }) + forms({ cookie: false }), '');
  });

  test('a token is asked for where something can change, from level site on', () => {
    const asks = (match: string, more: object = {}) =>
      problemsOf({ routes: [{ match, antiForgery: 'require', ...more }] }).join();
    assert.equal(asks('POST /a'), '');
    assert.match(asks('GET /a'), /GET carries no token/);
    assert.match(asks('POST /a', { level: 'open' }), /write level "site" at least/);
  });
});
