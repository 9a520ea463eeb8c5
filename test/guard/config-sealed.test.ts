import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSealed } from '../../src/cli/check-sealed.ts';
import { scriptPolicy } from '../../src/doors/script-policy.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import { bothOf } from '../../src/guard/methods.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { foldPath } from '../../src/wire/fold.ts';

const isSealed = (config: Config, method: string, path: string): boolean =>
  compilePolicy(parseConfig(config, 'test')).match(method, path, foldPath(path)).sealed;

/** What cannot be sealed, and the word that says why. */
const OPEN: readonly [RouteConfig, string][] = [
  [{ match: '/api/one', carriers: ['media'] }, 'carriers lists media'],
  [{ match: '/api/one', carriers: ['call', 'socket'] }, 'carriers lists socket'],
  [{ match: '/api/one', level: 'session' }, 'level is session'],
  [{ match: '/api/one', level: 'site' }, 'level is site'],
  [{ match: '/api/one', sync: ['beacon'] }, 'sync lists beacon'],
  [{ match: '/api/one', body: 'unsigned' }, 'body is unsigned'],
];

test('at the top it is for every protected route whose calls can be sealed, and off by default', () => {
  const routes = [...OPEN.map(([route]) => route).slice(0, 1), { match: '/api/**' }];
  assert.equal(isSealed({ routes }, 'GET', '/api/two'), false);
  assert.equal(isSealed({ sealed: true, routes }, 'GET', '/api/two'), true);
  assert.equal(isSealed({ sealed: true }, 'GET', '/api/two'), true);
  assert.equal(isSealed({ sealed: true }, 'GET', '/'), false);
  for (const [route] of OPEN) assert.equal(isSealed({ sealed: true, routes: [route] }, 'GET', '/api/one'), false);
  const streams: RouteConfig = { match: '/api/one', carriers: ['call', 'stream'] };
  assert.equal(isSealed({ sealed: true, routes: [streams] }, 'GET', '/api/one'), true);
});

test('a route says so for itself, and what is in the way is named', () => {
  assert.equal(isSealed({ routes: [{ match: '/api/one', sealed: true }] }, 'GET', '/api/one'), true);
  assert.equal(compilePolicy({ routes: [{ match: '/api/one', sealed: true }] }).seals, true);
  for (const [route, why] of OPEN) {
    assert.throws(
      () => parseConfig({ routes: [{ ...route, sealed: true }] }, 'test'),
      (error: unknown) =>
        error instanceof ConfigError && error.problems[0]?.field === 'routes[0].sealed' && error.message.includes(why),
    );
  }
});

test('a route that stays as it is fits its exact bytes alone: other spellings stay sealed or refused', () => {
  const routes = [{ match: '/api/open', sealed: false }, { match: '/api/**' }];
  assert.equal(isSealed({ sealed: true, routes }, 'GET', '/api/open'), false);
  for (const path of ['/API/open', '//api/open', '/api/open/', '/api/open;x', '/api/%6fpen'])
    assert.equal(isSealed({ sealed: true, routes }, 'GET', path), true, path);
});

test('of two rules for one request the sealed one holds', () => {
  const { routes } = compilePolicy({ routes: [{ match: 'GET /api/a', sealed: true }, { match: 'POST /api/a' }] });
  const [sealed, open] = routes;
  assert.ok(sealed && open && sealed.sealed && !open.sealed);
  assert.equal(bothOf(sealed, open).sealed && bothOf(open, sealed).sealed, true);
});

test('the page’s script knows which calls it seals, and is no list of the others', () => {
  const routes: RouteConfig[] = [
    { match: 'POST /api/upload', sealed: false },
    { match: 'GET /api/secret-report' },
    { match: 'DELETE /api/posts/:id', user: true },
    { match: '/api/**' },
  ];
  const script = scriptPolicy(compilePolicy({ sealed: true, routes }), 'default');
  assert.equal(script.sealed, true);
  assert.deepEqual(script.routes, [{ match: 'POST /api/upload', sealed: false }]);
  const open = scriptPolicy(compilePolicy({ routes: routes.slice(1) }), 'default');
  assert.equal(open.sealed, undefined);
  assert.equal(open.routes.length, 3);
  // One that goes before a row with something of its own stays, and so does what no pattern protects.
  const kept = [{ match: 'GET /api/a' }, { match: '/other/b' }, { match: 'GET /api/c' }];
  const both = scriptPolicy(compilePolicy({ sealed: true, routes: kept }), 'default');
  assert.deepEqual(
    both.routes.map(({ match }) => match),
    ['GET /api/a', '/other/b'],
  );
});

test('check says that it is a speed bump, what is sealed, and why the rest is not', () => {
  assert.deepEqual(describeSealed(compilePolicy({})), []);
  const routes: RouteConfig[] = [
    { match: 'GET /api/a', carriers: ['media'] },
    { match: 'POST /api/b', sealed: false },
    { match: '/api/**' },
  ];
  const lines = describeSealed(compilePolicy({ sealed: true, routes }));
  assert.match(lines[0] ?? '', /^a speed bump .* and no defence/);
  assert.match(lines[1] ?? '', /^sealed, 1 MiB at most: \/api\/\*\*;/);
  assert.equal(lines[2], 'as they are: GET /api/a (carriers lists media) · POST /api/b (sealed is false)');
});
