import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readReturnUrl } from '../../src/identity/return-url.ts';

const ORIGIN = 'https://app.example';

for (const [value, expected] of [
  [null, '/'],
  ['', '/'],
  ['/', '/'],
  ['/posts/1?a=b&c=%20#d', '/posts/1?a=b&c=%20#d'],
  ['/a/../b', '/b'],
  ['/posts?next=https://evil.example', '/posts?next=https://evil.example'],
  ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
] as const) {
  test(`R55 ${String(value)} leads to ${expected}`, () => {
    assert.equal(readReturnUrl(value, ORIGIN, []), expected);
  });
}

for (const value of [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/a\\b',
  '/.//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/\t/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/a\nb',
  '/a\0',
  '/\u{2028}',
  'https://evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'HTTPS://evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'posts',
  '?a',
  'https://app.example.evil.example/',
  'https://app.example@evil.example/',
  'https://user:pass@listed.example/',
  `/${'a'.repeat(1024)}`,
]) {
  test(`R55 ${JSON.stringify(value).slice(0, 60)} is refused`, () => {
    assert.equal(readReturnUrl(value, ORIGIN, ['https://listed.example']), null);
  });
}

test('R55 a listed origin is taken, another port or scheme of it is not', () => {
  const listed = ['https://listed.example'];
  assert.equal(readReturnUrl('https://listed.example/a', ORIGIN, listed), 'https://listed.example/a');
  for (const value of ['http://listed.example/a', 'https://listed.example:8443/', 'https://x.listed.example/']) {
    assert.equal(readReturnUrl(value, ORIGIN, listed), null, value);
  }
});

test('R55 whatever is taken stays on this origin, as a browser resolves it', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%2e',
    '%2f',
    '@',
    ':',
    '\t',
    '\n',
    '#',
    '?',
    'a',
    'evil.example',
    '//',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.string(), (pieces, rest) => {
      const taken = readReturnUrl(`/${pieces.join('')}${rest}`, ORIGIN, []);
      return (
        taken === null ||
        (new URL(taken, ORIGIN).origin === ORIGIN && new URL(taken, 'https://b.example').host === 'b.example')
      );
    }),
    { numRuns: 2000 },
  );
});
