import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isExact, parseIJson } from '../../src/lib/i-json.ts';

const parse = (text: string | Uint8Array) => parseIJson(typeof text === 'string' ? Buffer.from(text) : text);

test('what JSON.stringify writes is taken, and read as it was written', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value);
      // The one name that is never taken.
      fc.pre(!text.includes('__proto__') && !/\\ud[89a-f]/i.test(text));
      const parsed = parse(text);
      assert.deepEqual(parsed.ok && parsed.value, JSON.parse(text));
    }),
  );
});

const REFUSED: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['a name twice', '{"a":1,"a":2}', '/a'],
  ['a name twice, once by an escape', '{"role":1,"r\\u006fle":2}', '/role'],
  ['a name twice, deep inside', '{"a":[{},{"b":{"c":1,"c":1}}]}', '/a/1/b/c'],
  ['__proto__', '{"__proto__":{"admin":true}}', '/__proto__'],
  ['__proto__ by an escape', '{"a":{"\\u005f_proto__":1}}', '/a/__proto__'],
  ['constructor.prototype', '{"constructor":{"prototype":{"a":1}}}', '/constructor/prototype'],
  ['nesting', `${'['.repeat(33)}${']'.repeat(33)}`, `${'/0'.repeat(32)}`],
  ['nesting by the hundred thousand', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, `${'/0'.repeat(32)}`],
  ['nesting that never ends', '['.repeat(1e5), ''],
  ['a number beyond a double', '{"n":1e400}', '/n'],
  ['a number below a double', '[1e-400]', '/0'],
  ['a whole number beyond 2^53', '[1,9007199254740993]', '/1'],
  ['a limit passed by one digit in the thirtieth place', '1.000000000000000000000000000001', ''],
  ['an exponent that only costs', '0e999999999', ''],
  ['NaN', '{"n":NaN}', ''],
  ['Infinity', '[-Infinity]', ''],
  ['a number in other digits', '0x10', ''],
  ['a byte order mark', '\ufeff{}', ''],
  ['half a surrogate pair', '{"a":"\\ud800"}', '/a'],
  ['half a pair in a name', '{"\\udc00":1}', '/\udc00'],
  ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xc0, 0x80, 0x22), ''],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), ''],
  ['something behind it', '{} {}', ''],
  ['a comment', '{/* */}', ''],
  ['a comma too many', '[1,]', ''],
  ['nothing', '', ''],
  ['single quotes', "{'a':1}", ''],
  ['a control character in a text', '"a\nb"', ''],
];

for (const [name, text, pointer] of REFUSED) {
  test(`refused: ${name}`, () => {
    const parsed = parse(text);
    assert.ok(!parsed.ok);
    assert.equal(parsed.pointer, pointer);
    assert.notEqual(parsed.rule, '');
  });
}

test('what looks like these and is none is taken', () => {
  for (const text of [
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '{"text":"{\\"a\\":1,\\"a\\":2} __proto__ \\ud83d\\ude00"}',
    '{"constructor":"Ada","prototype":1}',
    `${'['.repeat(32)}${']'.repeat(32)}`,
    '[-0, 0.1, 1e21, 1E+2, 9007199254740991, 123456789012345, 5e-324, 1.7976931348623157e308, 0.30000000000000004]',
    ' {"a" : [ ] , "b" : { } } ',
  ]) {
    assert.equal(parse(text).ok, true, text);
  }
});

test('every number that JavaScript writes is exact, and a digit more is not', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      assert.equal(isExact(String(number)), true, String(number));
      const [, digits = '', rest = ''] = /^(-?\d+\.\d+)(.*)$/.exec(String(number)) ?? [];
      // JavaScript writes seventeen digits at most: with fewer, one more may be another number that it writes.
      if (digits.replace(/^[-0.]+/, '').replace('.', '').length === 17)
        assert.equal(isExact(`${digits}1${rest}`), false, `${digits}1${rest}`);
    }),
  );
});
