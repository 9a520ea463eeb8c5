import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseStrictObject } from '../../src/lib/strict-json.ts';

test('a JSON object whose names come once is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseStrictObject(text), JSON.parse(text));
    }),
  );
});

test('a name that comes twice in one object, however it is spelt and however deep, makes it none', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.nat(5),
      fc.boolean(),
      (name, one, two, depth, escaped) => {
        const plain = JSON.stringify(name);
        const codes = [...Array(name.length).keys()].map((at) => name.charCodeAt(at).toString(16).padStart(4, '0'));
        const other = escaped ? `"${codes.map((code) => `\\u${code}`).join('')}"` : plain;
        const twins = `{${plain}: ${JSON.stringify(one)}, "${name.length}other": 1, ${other}: ${JSON.stringify(two)}}`;
        const text = `{"a":${'['.repeat(depth)}${twins}${']'.repeat(depth)}}`;
        assert.ok(JSON.parse(text), 'JSON.parse takes it');
        assert.equal(parseStrictObject(text), null);
      },
    ),
  );
});

test('the same name in two objects is two names', () => {
  const text = '{"a":{"b":1,"c":["a","b","{",{"b":2}]},"b":{"a":"a\\"b"}}';
  assert.deepEqual(parseStrictObject(text), JSON.parse(text));
});

for (const text of [
  '',
  '[]',
  'null',
  '7',
  '"{}"',
  '{',
  '{"a":1,}',
  '{} {}',
  `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no object that is read`, () =>
    assert.equal(parseStrictObject(text), null));
}
