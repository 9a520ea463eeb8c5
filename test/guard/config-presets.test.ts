import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from '../../src/guard/compile.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import type { Config } from '../../src/guard/config.ts';

const policyOf = (config: Config) => compilePolicy(parseConfig(config, 'test'));
const rule = (config: Config, method: string, path: string) => policyOf(config).match(method, path, path.toLowerCase());

test('public-read: reads ask for a proof, and HEAD falls under the same rule', () => {
  assert.equal(rule({ preset: 'public-read' }, 'GET', '/api/posts').level, 'proof');
  assert.equal(rule({ preset: 'public-read' }, 'HEAD', '/api/posts').level, 'proof');
});

test('R11 public-read: every other method is unlisted and names the allowed one', () => {
  const deleted = rule({ preset: 'public-read' }, 'DELETE', '/api/posts/1');
  assert.equal(deleted.unlisted, true);
  assert.deepEqual(deleted.allow, ['GET']);
});

test('public-read: documents stay open', () => {
  assert.equal(rule({ preset: 'public-read' }, 'GET', '/index.html').level, 'open');
});

test('public-read follows the file’s own patterns, and its own routes come first', () => {
  const config: Config = { preset: 'public-read', protect: ['/data/**'], routes: [{ match: 'POST /data/login' }] };
  assert.equal(rule(config, 'GET', '/data/a').level, 'proof');
  assert.equal(rule(config, 'POST', '/data/login').unlisted, false);
  assert.equal(rule(config, 'POST', '/data/a').unlisted, true);
  assert.equal(rule(config, 'POST', '/api/a').level, 'open');
});

test('strict: calls ask for a proof with every method, however the path is spelled', () => {
  for (const method of ['GET', 'POST', 'DELETE'])
    assert.equal(rule({ preset: 'strict' }, method, '/API/posts').level, 'proof');
});

test('R64 strict: outside the protected patterns pages load and nothing is written', () => {
  const page = rule({ preset: 'strict' }, 'GET', '/about');
  assert.equal(page.level, 'open');
  assert.equal(page.unlisted, false);
  assert.equal(rule({ preset: 'strict' }, 'POST', '/contact').unlisted, true);
});

test('strict enforces from the start unless the file says otherwise', () => {
  assert.equal(policyOf({ preset: 'strict' }).mode, 'enforce');
  assert.equal(policyOf({ preset: 'strict', mode: 'report' }).mode, 'report');
});

test('strict keeps the file’s own times', () => {
  const { session } = policyOf({ preset: 'strict', session: { recent: 1200 } });
  assert.deepEqual(session, { idle: 3600, max: 43200, recent: 1200, bind: 'login' });
});

test('a parsed configuration can be parsed again, as a reload does, and stays what it is', () => {
  for (const preset of ['strict', 'public-read'] as const) {
    const once = parseConfig({ preset, routes: [{ match: 'POST /api/login' }] }, 'test');
    assert.equal(once.preset, undefined);
    assert.deepEqual(parseConfig({ ...once }, 'test'), once);
  }
});
