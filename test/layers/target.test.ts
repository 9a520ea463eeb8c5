import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carrier } from '../../src/layers/carrier.ts';
import { cors } from '../../src/layers/cors.ts';
import { framing } from '../../src/layers/framing.ts';
import { host } from '../../src/layers/host.ts';
import { route } from '../../src/layers/route.ts';
import { target } from '../../src/layers/target.ts';
import { judge } from '../support/layer.ts';

const OK_TARGETS = [
  '/',
  '/api/posts',
  '/api/posts?q=%2F..%2f',
  '/a%20b',
  '/api/a%23b',
  '/api/a%3Fb',
  '/api/.well-known',
  '/a...b',
];
for (const value of OK_TARGETS) {
  test(`R12 ${value} passes framing and target`, () => {
    assert.equal(judge(framing, {}, { target: value }).code, '');
    assert.equal(judge(target, {}, { target: value }).code, '');
  });
}

const ENCODED = [
  '/api%2fposts',
  '/api/%2e%2e/x',
  '/a/../api',
  '/a/./b',
  '/api\\x',
  '/api%5cx',
  '/a%252fb',
  '/a%',
  '/a%zz',
  '/%c0%afx',
];
for (const value of ENCODED) {
  test(`R12 ${value} is refused as ambiguous`, () => assert.equal(judge(target, {}, { target: value }).code, 'target'));
}

test('R12 an opaque route takes encoded slashes, but never dot segments', () => {
  const config = { protect: ['/files/**'], routes: [{ match: '/files/:name', encoded: 'opaque' as const }] };
  assert.equal(judge(target, config, { target: '/files/a%2Fb' }).code, '-');
  assert.equal(judge(target, config, { target: '/files/%2e%2e' }).code, 'target');
});

const BROKEN: [string, object][] = [
  ['raw # in the target', { target: '/api#x' }],
  ['raw control character', { target: '/api/\u0001' }],
  ['raw non-ASCII character', { target: '/api/é' }],
  ['raw # in the query', { target: '/api?x#y' }],
  ['absolute form', { target: 'http://evil.example/api' }],
  ['asterisk form', { method: 'OPTIONS', target: '*' }],
  ['CONNECT', { method: 'CONNECT', target: 'evil.example:443' }],
  ['TRACE', { method: 'TRACE' }],
  ['a method in small letters', { method: 'delete' }],
  ['a method with one small letter', { method: 'DELETe' }],
  ['Transfer-Encoding beside Content-Length', { headers: { 'transfer-encoding': 'chunked', 'content-length': '3' } }],
  ['Transfer-Encoding that is not chunked', { headers: { 'transfer-encoding': 'gzip, chunked' } }],
  ['Content-Length twice', { headers: { 'content-length': '3' }, repeated: ['content-length'] }],
  ['Content-Length with a sign', { headers: { 'content-length': '+3' } }],
  ['Host twice', { repeated: ['host'] }],
];
for (const [name, sketch] of BROKEN) {
  test(`R2 R10 ${name} is refused in every mode`, () => {
    assert.equal(framing.always, true);
    assert.equal(judge(framing, {}, sketch).code, 'target');
  });
}

test('a host that is not listed gets 421, listed ones pass in any case', () => {
  const config = { public: 'https://app.example', hosts: ['Alt.Example:8443'] };
  const codeFor = (name: string): string => judge(host, config, { headers: { host: name } }).code;
  assert.equal(codeFor('app.example'), '');
  assert.equal(codeFor('APP.example'), '');
  assert.equal(codeFor('alt.example:8443'), '');
  assert.equal(codeFor('localhost:4000'), '');
  assert.equal(codeFor('rebind.attacker.tld'), 'host');
  assert.equal(codeFor('localhost:4001'), 'host');
  assert.equal(codeFor(''), 'host');
});

test('R11 R64 where routes are named, what is not named is refused, and a missing method says which exist', () => {
  const config = { routes: [{ match: 'GET /api/posts' }, { match: 'POST /api/posts' }] };
  assert.equal(judge(route, config, { method: 'GET' }).code, '-');
  assert.equal(judge(route, config, { method: 'HEAD' }).code, '-');
  const put = judge(route, config, { method: 'PUT' });
  assert.equal(put.code, 'method');
  assert.deepEqual(put.context.route.allow, ['GET', 'POST']);
  assert.equal(judge(route, config, { target: '/api/other' }).code, 'forbidden');
  assert.equal(judge(route, config, { target: '/page' }).code, '-');
});

test('R31 a preflight of a listed origin is answered with exactly that origin', () => {
  const config = { clients: { default: { origins: ['self', 'https://app.example'] } } };
  const headers = {
    origin: 'https://app.example',
    'access-control-request-method': 'DELETE',
    'access-control-request-headers': 'content-digest,signature',
  };
  const { code, context } = judge(cors, config, { method: 'OPTIONS', headers });
  assert.equal(code, '');
  const fields = context.answer?.fields ?? [];
  assert.equal(fields[fields.indexOf('access-control-allow-origin') + 1], 'https://app.example');
  assert.equal(fields[fields.indexOf('access-control-allow-methods') + 1], 'DELETE');
  assert.equal(fields[fields.indexOf('access-control-max-age') + 1], '7200');
  assert.equal(fields.includes('*'), false);
});

test('R31 a preflight of another origin is refused and named nowhere', () => {
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
  const { code, context } = judge(cors, { mode: 'enforce' }, { method: 'OPTIONS', headers });
  assert.equal(code, 'origin');
  // Where the layer alone reports, this is what is sent instead of asking the backend: nothing is allowed.
  assert.deepEqual(context.answer?.fields, ['vary', 'Origin']);
  assert.deepEqual(context.responseFields, []);
});

const image = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'same-origin' };
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' };

test('images, forms and navigations reach a covered route only where it lists them', () => {
  assert.equal(judge(carrier, {}, { headers: image }).code, 'carrier');
  assert.equal(judge(carrier, {}, { headers: navigation }).code, 'carrier');
  assert.equal(judge(carrier, {}, { method: 'POST', headers: navigation }).code, 'carrier');
  assert.equal(judge(carrier, {}, { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } }).code, '');
  const listed = { routes: [{ match: 'GET /api/posts', carriers: ['media' as const] }] };
  const judged = judge(carrier, listed, { headers: image });
  assert.deepEqual([judged.code, judged.context.route.level], ['', 'session']);
  assert.equal(judge(carrier, listed, { headers: navigation }).code, 'carrier');
});

test('a carrier that a request claims never lowers the level of a route', () => {
  const claimed = judge(carrier, {}, { headers: { ...image, accept: 'text/event-stream', upgrade: 'websocket' } });
  assert.equal(claimed.context.route.level, 'proof');
});
