import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatCheck } from '../../src/cli/check-format.ts';
import { type CheckReport, describePolicy } from '../../src/cli/check-report.ts';
import { layersToAsk } from '../../src/cli/layers.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { at, desk } from './support.ts';

const plain = (text: string): string => text;
const paint = { strong: plain, faint: plain, good: plain, bad: plain, careful: plain };

const checked = (config: Config): CheckReport =>
  describePolicy(compilePolicy(parseConfig(config, 'test')), layersToAsk(), { file: '', preset: config.preset ?? '' });

const modesOf = (report: CheckReport, route: string): Record<string, string> =>
  Object.fromEntries(
    report.routes.find(({ name }) => name === route)?.checks.map(({ layer, mode }) => [layer, mode]) ?? [],
  );

test('R74 every route is printed with the checks it runs and their mode', () => {
  const report = checked({
    mode: 'enforce',
    layers: { site: 'report' },
    routes: [{ match: 'GET /api/a' }, { match: 'GET /api/b', mode: 'report' }],
  });
  assert.deepEqual(
    [modesOf(report, 'GET /api/a')['proof'], modesOf(report, 'GET /api/a')['site']],
    ['enforce', 'report'],
  );
  assert.equal(modesOf(report, 'GET /api/b')['proof'], 'report');
  assert.equal(modesOf(report, 'default')['proof'], undefined);
  const text = formatCheck(report, paint);
  for (const { name, allow } of report.routes) if (allow.length === 0) assert.ok(text.includes(name), name);
});

test('P1.7 routes that let anonymous callers change data are named, in those words', () => {
  const login = { identify: () => null };
  const report = checked({
    login,
    open: ['POST /hook'],
    routes: [
      { match: 'GET /api/posts' },
      { match: 'POST /api/posts' },
      { match: 'PUT /api/posts/:id', keys: [] },
      { match: 'DELETE /api/posts/:id', user: true },
      { match: 'PATCH /api/posts/:id', roles: ['editor'] },
      { match: 'POST /api/posts/:id', owner: { ask: 'GET /api/posts/:id', at: '$.author' } },
    ],
  });
  assert.deepEqual(report.anonymous, ['open POST /hook', 'POST /api/posts', 'PUT /api/posts/:id', 'default']);
  const text = formatCheck(report, paint).replace(/\s+/g, ' ');
  assert.match(text, /Anonymous writes .*each of these changes data and answers 2xx to an anonymous caller/);
});

test('a configuration in which nobody anonymous changes anything has no such block', () => {
  const report = checked({
    login: { identify: () => null },
    protect: ['/**'],
    routes: [{ match: 'GET /**' }, { match: 'POST /**', user: true }],
  });
  assert.deepEqual(report.anonymous, []);
  assert.doesNotMatch(formatCheck(report, paint), /Anonymous writes/);
});

test('what tokens for forms change in report mode is printed where there are any', () => {
  const line = (config: Config): string => checked(config).reportMode.find((one) => /antiForgery/.test(one)) ?? '';
  assert.match(line({ preset: 'forms' }), /adds __Host-sallyport-form and a hidden field _csrf in forms/);
  assert.match(line({ antiForgery: { cookie: true } }), /adds __Host-sallyport-form and XSRF-TOKEN$/);
  assert.equal(line({}), '');
});

test('R74 authorization is printed among the checks of its routes', () => {
  const login = { identify: () => null };
  const can = () => true;
  const report = checked({ mode: 'enforce', login, routes: [{ match: 'POST /api/a', roles: ['x'], can }] });
  const modes = modesOf(report, 'POST /api/a');
  assert.deepEqual([modes['subject'], modes['authorization'], modes['can']], ['enforce', 'enforce', 'enforce']);
});

test('R74 in report mode only framing is enforced', () => {
  const enforced = checked({}).routes.flatMap(({ checks }) =>
    checks.filter(({ mode }) => mode === 'enforce').map(({ layer }) => layer),
  );
  assert.deepEqual([...new Set(enforced)], ['framing']);
});

test('R74 a mode that has no effect is said to have none', () => {
  assert.match(
    checked({ layers: { site: 'enforce' } }).notes.join('\n'),
    /layers\.site "enforce" has no effect while mode is report/,
  );
});

test('a carrier that lowers its route is printed', () => {
  const report = checked({ routes: [{ match: 'GET /api/image', carriers: ['media'] }, { match: '/api/**' }] });
  assert.match(
    report.notes.join('\n'),
    /GET \/api\/image: media cannot carry a proof, so every request here needs a session only/,
  );
});

test('a form whose content may name a method that policy asks more for is printed', () => {
  const noted = (config: Config): boolean => /_method field/.test(checked(config).notes.join('\n'));
  assert.ok(noted({ routes: [{ match: 'POST /api/a', carriers: ['form'] }, { match: 'DELETE /api/a' }] }));
  assert.ok(noted({ open: ['POST /api/hook'] }));
  assert.ok(!noted({ routes: [{ match: 'POST /api/a' }, { match: 'DELETE /api/a' }] }));
  assert.ok(!noted({ routes: [{ match: 'POST /api/a', level: 'session' }, { match: 'DELETE /api/a' }] }));
  assert.ok(!noted({}));
});

test('P8.1 a form that has to meet the rule of the method it names is printed, and which methods no route names', () => {
  const notes = (config: Config): string => checked(config).notes.join('\n');
  const DELETE: RouteConfig = { match: 'DELETE /api/:id' };
  const held = /^(.*): a form or JSON body that names another method in _method .* \((.*)\)/m;
  const open = notes({ routes: [{ match: 'POST /api/:id', level: 'open' }, { match: 'DELETE /api/:id' }] });
  assert.deepEqual(held.exec(open)?.slice(1), ['POST /api/:id', 'DELETE /api/:id']);
  assert.match(open, /asks for less than PUT, PATCH of the same path, which no route names/);
  const wide = notes({ routes: [DELETE, { match: '/api/**', level: 'session' }] });
  assert.deepEqual(held.exec(wide)?.slice(1), ['/api/**', 'DELETE /api/:id']);
  assert.ok(!held.test(notes({ routes: [{ match: 'DELETE /api/:id' }, { match: '/api/**' }] })));
});

test('what one address can take is printed in figures', () => {
  const { oneAddress } = checked({ mint: { perPrefix: 7, total: 70 } });
  assert.match(oneAddress.join('\n'), /at most 7 new sessions a minute \(70 from everybody/);
  assert.match(oneAddress.join('\n'), /420 sessions an hour/);
});

test('R67 rules of use are printed, and what one address can take of each route by them', () => {
  const report = checked({
    mint: { perPrefix: 10 },
    limit: '600/minute',
    routes: [
      { match: 'GET /api/posts' },
      { match: 'GET /api/posts/:id', served: { from: 'GET /api/posts', at: '$[*].id' } },
      { match: 'POST /api/cart', limit: [{ rate: '1/minute', burst: 3, wait: 2 }], concurrent: { session: 2 } },
      { match: 'POST /api/pay', after: 'POST /api/cart', within: 60, notBefore: 3, once: true },
      { match: 'GET /api/search', limit: { rate: '100/hour', per: 'prefix' } },
    ],
  });
  const use = (name: string) => report.routes.find((route) => route.name === name)?.use;
  assert.deepEqual(use('GET /api/posts'), ['limit 600/minute per session, all routes together']);
  assert.deepEqual(use('POST /api/cart'), [
    'limit 1/minute per session, 3 at once, held back up to 2 s',
    'limit 600/minute per session, all routes together',
    '2 open at a time per session',
  ]);
  assert.equal(use('POST /api/pay')?.[1], 'after POST /api/cart, within 60 s, not before 3 s, once since then');
  assert.match(use('GET /api/posts/:id')?.[1] ?? '', /ids served from GET \/api\/posts at .*20 a minute/);
  const taken = report.oneAddress.join('\n');
  // 3 at once and 1 a minute: ten sessions that live the hour, the crowd, which is worth as many, and ten more for each of its minutes.
  const cart = 20 * 63 + 10 * Array.from({ length: 60 }, (_, minute) => 3 + 60 - minute).reduce((a, b) => a + b);
  assert.ok(taken.includes(`POST /api/cart: at most ${cart.toLocaleString('en')} calls in its first hour`), taken);
  assert.match(taken, /GET \/api\/search: at most 200 calls in its first hour, 2,500 in its first day/);
  assert.match(report.notes.join('\n'), /GET \/api\/search: 100\/hour per prefix counts everybody behind one address/);
  assert.match(formatCheck(report, paint), /Rules of use\n/);
});

test('R67 where no limit bounds what an address can take, that is said', () => {
  const report = checked({ routes: [{ match: 'GET /api/posts' }] });
  assert.match(report.oneAddress.join('\n'), /GET \/api\/posts: no limit bounds the calls of its sessions/);
  assert.doesNotMatch(formatCheck(report, paint), /Rules of use/);
});

test('what content of each route is held to is printed, and which calls only one of routes and document has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-check-'));
  const openapi = join(folder, 'openapi.json');
  const operation = { parameters: [{ name: 'page', in: 'query', schema: { type: 'integer' } }], responses: {} };
  const paths = { '/api/posts': { get: operation, delete: operation }, '/health': { get: operation } };
  writeFileSync(openapi, JSON.stringify({ openapi: '3.1.0', paths }));
  const body = { properties: { title: { type: 'string' } } };
  const report = checked({
    openapi,
    routes: [{ match: 'GET /api/posts' }, { match: 'POST /api/posts', schema: { body } }, { match: 'GET /api/me' }],
  });
  rmSync(folder, { recursive: true });
  const content = (name: string) => report.routes.find((route) => route.name === name)?.content;
  assert.deepEqual(content('GET /api/posts'), ['body: none, by openapi', 'query: page, by openapi']);
  assert.deepEqual(content('POST /api/posts'), ['body: JSON that fits its schema, 65536 bytes at most']);
  assert.deepEqual(content('GET /api/me'), []);
  assert.deepEqual([...report.openapi].sort(), [
    'held to the document: GET /api/posts',
    'outside of what is protected: not held to the document: GET /health',
    'refused, because no route lists them: DELETE /api/posts',
    'routes that the document does not list, with any content: GET /api/me',
  ]);
  assert.match(formatCheck(report, paint), /Content\n[\s\S]*OpenAPI\n/);
});

test('what a preset comes to is printed', () => {
  const { preset } = checked({ preset: 'public-read' });
  assert.deepEqual(preset?.fields.routes, [{ match: 'GET /api/**' }]);
});

test('exact paths are said to leave other spellings unprotected', () => {
  assert.match(checked({ paths: 'exact' }).notes.join('\n'), /other spellings/);
});

test('check reads the file and the flags over it, and needs no gate', async (t) => {
  const { write, json, run } = desk(t);
  write(
    'sallyport.config.ts',
    "import { defineConfig } from 'sallyport/config';\nexport default defineConfig({ to: 'http://localhost:3000', mode: 'enforce' });",
  );
  const { code, value } = await json('check', '--to', 'http://localhost:3001');
  assert.equal(code, 0);
  assert.deepEqual(
    [at(value, 'to'), at(value, 'mode'), at(value, 'file')],
    ['http://localhost:3001', 'enforce', 'sallyport.config.ts'],
  );
  const { out } = await run('check', '--mode', 'report');
  assert.match(out, /NOTHING IS BLOCKED/);
});

test('R68 R74 budgets are printed: what a call costs, who may spend how much, and where it is counted', () => {
  const config: Config = {
    budget: '12 USD/day',
    routes: [
      { match: 'POST /api/sms', cost: '0.04 USD' },
      {
        match: 'POST /api/chat',
        cost: { max: '0.05 USD', actual: () => 0 },
        budget: { amount: '1 USD/hour', share: 1, keep: { subjects: 0.5 }, release: 'at-once' },
      },
    ],
  };
  assert.deepEqual(checked(config).budgets, [
    'cost of POST /api/sms: at most 0.04 USD a call',
    'cost of POST /api/chat: at most 0.05 USD a call; less where the answer says so',
    'all: 12 USD/day per total: 1 USD released each 24th of the span; one network takes 10 % of what others have left; sessions younger than an hour take 9.60 USD together',
    'POST /api/chat: 1 USD/hour per route: all of it may be spent at once; sessions younger than an hour take 0.50 USD together; who is not logged in takes 0.50 USD together',
    'counted in records: neither a restart nor a further process on the same records raises a budget',
  ]);
  assert.match(formatCheck(checked(config), paint), /Budgets/);
  assert.match(checked({ ...config, records: 'memory' }).budgets.at(-1) ?? '', /a restart forgets/);
  assert.deepEqual(checked({}).budgets, []);
  const shared = { ...config, state: 'redis://user:pass-word@cache.example:6379' };
  assert.match(checked(shared).budgets.at(-1) ?? '', /counted in state, redis:\/\/cache\.example:6379/);
  const kept = { ...shared, records: 'postgres://db.example/sallyport' };
  assert.match(checked(kept).budgets.at(-1) ?? '', /counted in records/);
});
