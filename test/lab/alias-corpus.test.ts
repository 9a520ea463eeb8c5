import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliasesOf } from '../../src/lab/alias-corpus.ts';
import { field } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';

const target = parseTarget('http://127.0.0.1:4000/api/posts?page=1');
const corpus = aliasesOf(target, '/');

test('the corpus asks by safe methods only, so that it changes nothing where everything passes', () => {
  for (const alias of corpus) {
    for (const request of [alias.request, alias.control]) {
      assert.ok(request === null || ['GET', 'OPTIONS'].includes(request.method), alias.name);
      assert.equal(request?.body ?? null, null, alias.name);
    }
    // An override that a framework obeys must be a safe method, too.
    for (const header of ['x-http-method-override', 'x-http-method', 'x-method-override', 'x_http_method_override']) {
      assert.ok(['', 'GET'].includes(field(alias.request.fields, header)), alias.name);
    }
    assert.ok(!/_method=(?!GET)/.test(alias.request.target), alias.name);
  }
});

test('every alias is another spelling, carries no proof, and stays within one request line', () => {
  assert.ok(corpus.length >= 50, `only ${corpus.length}`);
  assert.equal(new Set(corpus.map((alias) => alias.name)).size, corpus.length);
  for (const alias of corpus) {
    assert.match(alias.request.target, /^[\x21-\x7e]+$/, alias.name);
    assert.equal(field(alias.request.fields, 'signature-input'), '', alias.name);
    assert.equal(field(alias.request.fields, 'cookie'), '', alias.name);
    const plain = alias.request.method === 'GET' && alias.request.target === '/api/posts?page=1';
    assert.ok(!plain, alias.name);
  }
});

const SPELLED = [
  '/API/POSTS?page=1',
  '//api/posts?page=1',
  '//lab/api/posts?page=1',
  '/index.php/api/posts?page=1',
  '/api//posts?page=1',
  '/api/posts/?page=1',
  '/%61pi/posts?page=1',
  '/api%2fposts?page=1',
  '/api;a/posts?page=1',
  '/lab/%2e%2e/api/posts?page=1',
  '/lab/..;/api/posts?page=1',
  '/api\\posts?page=1',
  'http://127.0.0.1:4000/api/posts?page=1',
  'http://lab.invalid/api/posts?page=1',
];

test('the corpus holds the one-character bypasses of gateways that match strings', () => {
  const targets = new Set(corpus.map((alias) => alias.request.target));
  for (const spelled of SPELLED) assert.ok(targets.has(spelled), spelled);
});

test('what takes the front of a path off rides on a longer one, next to the same request without it', () => {
  const prefixed = corpus.filter((alias) => field(alias.request.fields, 'script_name') !== '');
  assert.equal(prefixed.length, 1);
  const [{ request, control } = assert.fail()] = prefixed;
  assert.deepEqual([request.target, control?.target], ['/lab/api/posts?page=1', '/lab/api/posts?page=1']);
  assert.equal(field(control?.fields ?? [], 'script_name'), '');
});

test('override headers ride on an address that is open, next to the same request without them', () => {
  const overrides = corpus.filter((alias) => field(alias.request.fields, 'x-original-url') !== '');
  assert.equal(overrides.length, 1);
  assert.equal(overrides[0]?.request.target, '/');
  assert.equal(field(overrides[0]?.request.fields ?? [], 'x-original-url'), '/api/posts?page=1');
  assert.deepEqual(overrides[0]?.control?.fields, ['Host', '127.0.0.1:4000', 'Accept', '*/*']);
});
