import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileLinear } from '../../../src/guard/schema/pattern.ts';

const { RE2JS }: typeof import('re2js') = createRequire(import.meta.url)('re2js');
const linear = (pattern: string) => compileLinear(pattern, () => RE2JS.compile);
/** The same pattern, in a form that is not simple. */
const translated = (pattern: string) => linear(`(?:${pattern})`);

const PATTERNS = [
  ...['^\\s+$', '^\\S+$', '^[\\s\\d]+$', '^[^\\S]+$', '^.*$', '^a.b$', '[]', '[^]', '[[a]+', '[^[a]x', '[a[]x'],
  ...['[a\\]b]+$', '\\u{1f600}+', '\\ud83d\\ude00', '^\\p{L}+$', '^\\P{L}+$', '^\\p{Script=Greek}+$', '\\p{Lu}'],
  ...['(?<y>\\d{2})-(?:a|b)', '^\\bab\\b$', '[\\b]', '\\x41\\cA', '^(a|b)*c$', '\\/', '[\\-x]', '^$', 'a{2,3}?', '\\0'],
  ...[
    '[^^]',
    '[a-z&&b]',
    '[(?]x',
    '[(?<a>]+',
    '[(?=]a',
    '[\\\\\\]]',
    '[\\u{61}-c]',
    '[\\d-]',
    '[^(?]',
    '(a+)+$',
    '(x|xx)*y',
  ],
];
const LETTERS = [
  ...['a', 'b', 'c', 'x', '[', ']', '^', '\n', '\r', '\u2028', '\u00a0', '\ufeff', ' ', 'é', 'Α', 'A', '😀', '4', '-'],
  ...['\b', '\x01', '\0', '/', '&', '.', '\\', '(', '?', '<', '>', 'y'],
];

test('a pattern means what it means in ECMAScript', () => {
  const text = fc.array(fc.constantFrom(...LETTERS), { maxLength: 6 }).map((letters) => letters.join(''));
  for (const pattern of PATTERNS) {
    const [ours, theirs] = [translated(pattern), new RegExp(pattern, 'u')];
    fc.assert(
      fc.property(text, (value) => ours.test(value) === theirs.test(value)),
      {
        numRuns: 300,
        examples: ['', 'ab', '44-a', 'aab]', '😀', 'A\x01', 'a\nb', 'Αβ', 'xxy'].map((value): [string] => [value]),
      },
    );
  }
});

test('patterns that an engine which goes back takes for ever are run in linear time', () => {
  for (const pattern of [
    '^(a+)+$',
    '^(a|aa)+$',
    '^(?:.*a){20}$',
    '([a-z]+)*\\d',
    '^\\s*\\s*\\s*\\s*x$',
    '\\s+$',
    '^a*a*a*a*b$',
  ]) {
    assert.equal(linear(pattern).test(`${'a'.repeat(20_000)}!`), false, pattern);
    assert.equal(linear(pattern).test(`${' '.repeat(20_000)}!`), false, pattern);
  }
});

test('simple ones run in the platform’s engine; whatever could go back often does not', () => {
  for (const pattern of [
    '^[a-z0-9-]{1,40}$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^\\+?[0-9]+$',
    '^abc$',
    '^[^@]+@example\\.com$',
  ])
    assert.ok(linear(pattern) instanceof RegExp, pattern);
  for (const pattern of ['^a*a*$', '[a-z]+$', '^(a)$', '^a{1,90}b{1,90}$', '^a|b$', '^a{0,500}b{0,500}$'])
    assert.ok(!(linear(pattern) instanceof RegExp), pattern);
});

test('what takes more than linear time is refused when it is compiled, and says so', () => {
  for (const pattern of [
    '(?=a)b',
    '(?!a)b',
    '(?<=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    'a{2000}',
    '\\ud800',
    '(',
  ])
    assert.throws(() => linear(pattern), /linear|surrogate|regular expression/, pattern);
});
