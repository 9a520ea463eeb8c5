import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCoverage, covers, type ScriptConfig } from '../../src/wire/script-config.ts';

const config: ScriptConfig = {
  mount: '/_sallyport',
  client: 'default',
  protect: ['/api/**'],
  open: ['/api/hook'],
  origins: ['https://api.example'],
  whole: 4,
  slice: 1,
  routes: [
    { match: 'GET /api/media/*', level: 'session', carriers: ['media'] },
    { match: 'POST /api/beacon', body: 'unsigned', sync: ['beacon'] },
    { match: '/api/free', level: 'open' },
    { match: 'PUT /elsewhere/:id' },
  ],
  chunks: '',
};
const OWN = 'https://app.example';

const ROWS: readonly (readonly [method: string, url: string, covered: boolean, why: string])[] = [
  ['GET', 'https://app.example/api/x', true, 'a protected pattern'],
  ['GET', 'https://app.example/API/x', true, 'in any spelling that backends take for it'],
  ['GET', 'https://app.example//api;a/x', true, 'in any spelling that backends take for it'],
  ['GET', 'https://app.example/', false, 'pages are not'],
  ['GET', 'https://api.example/api/x', true, 'a listed origin'],
  ['GET', 'https://other.example/api/x', false, 'third parties are never touched'],
  ['GET', 'http://app.example/api/x', false, 'another scheme is another origin'],
  ['POST', 'https://app.example/api/hook', false, 'an exception'],
  ['POST', 'https://app.example/API/hook', true, 'an exception fits exact bytes only'],
  ['GET', 'https://app.example/api/free', false, 'a route of level open'],
  ['GET', 'https://app.example/api/FREE', true, 'which fits exact bytes only, too'],
  ['PUT', 'https://app.example/elsewhere/1', true, 'a route outside the protected patterns'],
  ['GET', 'https://app.example/elsewhere/1', false, 'whose other methods are not'],
  ['GET', 'https://app.example/_sallyport/user', true, 'what pages ask the gate itself'],
  ['GET', 'https://app.example/_sallyport/config.json', false, 'what anyone may have of it'],
];
for (const [method, url, covered, why] of ROWS) {
  test(`${method} ${url} is ${covered ? 'covered' : 'left alone'}: ${why}`, () => {
    assert.equal(covers(config, method, new URL(url), OWN), covered);
  });
}

test('a covered call knows its route; HEAD has that of GET', () => {
  const coverage = compileCoverage(config, OWN);
  const at = (path: string) => new URL(path, OWN);
  assert.equal(coverage('HEAD', at('/api/media/1'))?.level, 'session');
  assert.deepEqual(coverage('POST', at('/api/beacon'))?.sync, ['beacon']);
  assert.equal(coverage('PATCH', at('/api/anything'))?.level, undefined);
});
