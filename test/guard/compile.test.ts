import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import { foldPath } from '../../src/wire/fold.ts';

const ruleFor = (config: Config, method: string, path: string) =>
  compilePolicy(config).match(method, path, foldPath(path));

describe('which rule a request falls under', () => {
  const config: Config = {
    protect: ['/api/**'],
    open: ['POST /api/hook'],
    routes: [
      { match: 'GET /api/posts' },
      { match: 'GET /api/posts/:id/image', carriers: ['media'] },
      { match: 'POST /api/upload', body: 'unsigned' },
    ],
  };

  for (const alias of [
    '/api/posts',
    '/API/posts',
    '/api/posts/',
    '//api//posts',
    '/%61pi/posts',
    '/api;x=1/posts;y',
    '/api/Posts',
  ]) {
    test(`R12 ${alias} is the protected GET /api/posts`, () => {
      assert.equal(ruleFor(config, 'GET', alias).name, 'GET /api/posts');
    });
  }

  for (const alias of ['/API/hook', '/api/hook/', '//api/hook', '/api/%68ook', '/api/hook;x']) {
    test(`R12 an exception fits exact bytes only: ${alias} is not open`, () => {
      assert.equal(ruleFor(config, 'POST', '/api/hook').level, 'open');
      assert.equal(ruleFor(config, 'POST', alias).level, 'proof');
    });
  }

  test('R12 a row that asks for less fits exact bytes only; its aliases are unlisted', () => {
    assert.equal(ruleFor(config, 'GET', '/api/posts/7/image').level, 'session');
    const alias = ruleFor(config, 'GET', '/API/posts/7/image');
    assert.deepEqual([alias.level, alias.unlisted], ['proof', true]);
    assert.equal(ruleFor(config, 'POST', '/api/Upload').unlisted, true);
  });

  test('HEAD has GET’s rule', () => assert.equal(ruleFor(config, 'HEAD', '/api/posts').name, 'GET /api/posts'));
  test('R11 another method of a listed path is answered with the listed ones', () => {
    assert.deepEqual(ruleFor(config, 'PUT', '/api/posts').allow, ['GET']);
  });
  test('the bare prefix is protected too', () => assert.equal(ruleFor(config, 'GET', '/api').unlisted, true));
  test('documents and assets stay open', () => assert.equal(ruleFor(config, 'GET', '/index.html').level, 'open'));
});

test('without named routes everything under protect asks for a proof', () => {
  const rule = ruleFor({}, 'DELETE', '/api/posts/1');
  assert.deepEqual([rule.level, rule.unlisted], ['proof', false]);
});

test('paths: exact takes no aliases on either side', () => {
  assert.equal(ruleFor({ paths: 'exact' }, 'GET', '/api/x').level, 'proof');
  assert.equal(ruleFor({ paths: 'exact' }, 'GET', '/API/x').level, 'open');
});

test('a route that lists a carrier which cannot sign is at level session for every request', () => {
  assert.equal(ruleFor({ routes: [{ match: '/api/f', carriers: ['form'] }] }, 'POST', '/api/f').level, 'session');
  assert.equal(ruleFor({ routes: [{ match: '/api/f', carriers: ['stream'] }] }, 'GET', '/api/f').level, 'proof');
});

test('the remembered paths are bounded and stay right when the table starts anew', () => {
  const policy = compilePolicy({});
  for (let i = 0; i < 10_000; i++) assert.equal(policy.match('GET', `/api/${i}`, `/api/${i}`).level, 'proof');
  assert.equal(policy.match('GET', '/page', '/page').level, 'open');
  assert.equal(policy.match('GET', '/api/1', '/api/1').level, 'proof');
});

test('a gate that ends TLS has https origins only', () => {
  const secure = compilePolicy({ listen: '0.0.0.0:443', public: 'https://app.example', tls: { cert: 'c', key: 'k' } });
  assert.equal(secure.ownOrigins.has('https://app.example'), true);
  assert.equal(secure.ownOrigins.has('http://app.example'), false);
  assert.equal(secure.authorities.has('localhost'), true);
  assert.equal(secure.authorities.has('0.0.0.0:443'), false);
});
