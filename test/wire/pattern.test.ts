import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldPath } from '../../src/wire/fold.ts';
import { compilePattern, parseRoute } from '../../src/wire/pattern.ts';

const FOLDED: readonly (readonly [pattern: string, path: string, fits: boolean])[] = [
  ['/api/**', '/api', true],
  ['/api/**', '/api/', true],
  ['/api/**', '/api/a/b', true],
  ['/api/**', '/apis', false],
  ['/api/**', '/', false],
  ['/**', '/', true],
  ['/**', '/a/b', true],
  ['/', '/', true],
  ['/', '/a', false],
  ['/API/Posts', '/api/posts', true],
  ['/api/:id', '/api/7', true],
  ['/api/:id', '/api', false],
  ['/api/:id', '/api/7/x', false],
  ['/api/*', '/api/7', true],
  ['/api/*', '/api', false],
  ['/api/*.json', '/api/a.json', true],
  ['/api/*.json', '/api/.json', true],
  ['/api/*.json', '/api/a.jsonx', false],
  ['/api/*.json', '/api/a/b.json', false],
  ['/a*b*c', '/aXbYc', true],
  ['/a*b*c', '/acb', false],
  ['/ab*ba', '/aba', false],
  ['/a/*/c/**', '/a/b/c', true],
  ['/a/*/c/**', '/a/c', false],
  ['/p%C3%BCr', '/P%c3%9cR', true],
  ['/pür', '/p%C3%BCr', true],
  ['/@me', '/%40me', true],
  ['/a%2Ab', '/a*b', true],
];
for (const [pattern, path, fits] of FOLDED) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${path}`, () => {
    assert.equal(compilePattern(pattern).test(foldPath(path)), fits);
  });
}

const EXACT: readonly (readonly [pattern: string, path: string, fits: boolean])[] = [
  ['/hook', '/hook', true],
  ['/hook', '/hook/', false],
  ['/hook', '/HOOK', false],
  ['/hook', '/%68ook', false],
  ['/hook', '//hook', false],
  ['/hook', '/hook;a', false],
  ['/hook/**', '/hook', true],
  ['/hook/**', '/hook/a/b', true],
  ['/hook/**', '/hook/../api', false],
  ['/hook/**', '/hook/%2e%2e/api', false],
  ['/hook/**', '/hook/a%2f..%2fapi', false],
  ['/hook/**', '/hook/%252e', false],
  ['/hook/*', '/hook/..', false],
  ['/für', '/f%C3%BCr', true],
];
for (const [pattern, path, fits] of EXACT) {
  test(`exact ${pattern} ${fits ? 'fits' : 'does not fit'} ${path}`, () => {
    assert.equal(compilePattern(pattern, 'exact').test(path), fits);
  });
}

for (const [pattern, rule] of [
  ['api', /begins with "\/"/],
  ['', /begins with "\/"/],
  ['/a?b', /path only/],
  ['/a#b', /path only/],
  ['/a;b', /matrix/],
  ['/a b', /spaces/],
  ['/a\nb', /spaces/],
  ['/**/a', /only as the last/],
  ['/a**', /only as the last/],
  ['/a/***', /only as the last/],
  ['/:', /whole segment/],
  ['/:id.json', /whole segment/],
  ['/:a:b', /whole segment/],
  ['/a/:__proto__', /names no segment/],
  ['/:__proto__/b', /names no segment/],
  ['/a/../b', /dot segment/],
  ['/a%2fb', /encoded slash/],
  ['/a\\b', /backslash/],
  ['/a%', /malformed/],
  ['/\ud800', /Unicode/],
  [`/${'a'.repeat(1100)}`, /1024/],
] as const) {
  test(`pattern ${JSON.stringify(pattern).slice(0, 20)} names its rule`, () => {
    assert.throws(
      () => compilePattern(pattern),
      (error: unknown) => error instanceof TypeError && rule.test(error.message),
    );
  });
}

test('routes are a method and a pattern, or a pattern', () => {
  assert.deepEqual(parseRoute('GET /a/:id'), { method: 'GET', pattern: '/a/:id' });
  assert.deepEqual(parseRoute('/a/**'), { method: '', pattern: '/a/**' });
  for (const bad of ['GET  /a', 'GET a', '', 'G(T /a', ' /a', '/a b', 'GET'])
    assert.throws(() => parseRoute(bad), TypeError);
});

test('a pattern made of a path fits that path, and one with a star in it too', () => {
  const segment = fc
    .string({ unit: fc.constantFrom(...'abc.-_~'), minLength: 1, maxLength: 8 })
    .filter((text) => !/^\.+$/.test(text));
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.nat(7), fc.nat(7), (segments, from, length) => {
      const path = `/${segments.join('/')}`;
      assert.ok(compilePattern(path).test(path));
      const first = segments[0] ?? '';
      const starred = `${first.slice(0, from)}*${first.slice(from + length)}`;
      if (/^\.+$/.test(starred)) return;
      assert.ok(compilePattern(`/${[starred, ...segments.slice(1)].join('/')}`).test(path), starred);
    }),
  );
});

test('many stars on a hostile path end at once', () => {
  // A backtracking matcher would need about 2^40 steps here and never come back.
  const pattern = compilePattern(`/${'a*'.repeat(40)}b`);
  assert.equal(pattern.test(`/${'a'.repeat(10_000)}`), false);
});
