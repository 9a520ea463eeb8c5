import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonPath, toName, valuesAt } from '../../src/guard/json-path.ts';

const POST = {
  author: { id: 7, 'first name': 'Ann' },
  editors: [{ id: 1 }, { id: 2 }, 'x', null],
  deep: [[1], [2, 3]],
};
const at = (path: string): readonly unknown[] => valuesAt(POST, parseJsonPath(path));

test('paths lead to members, elements and all elements', () => {
  assert.deepEqual(at('$.author.id'), [7]);
  assert.deepEqual(at("$.author['first name']"), ['Ann']);
  assert.deepEqual(at('$.editors[1].id'), [2]);
  assert.deepEqual(at('$.editors[*].id'), [1, 2]);
  assert.deepEqual(at('$.deep[*][*]'), [1, 2, 3]);
  assert.deepEqual(at('$'), [POST]);
});

test('paths that lead nowhere find nothing, and nothing that every object has', () => {
  for (const path of [
    '$.nobody',
    '$.author.id.x',
    '$.editors[9]',
    '$.editors.length',
    '$.author[0]',
    '$.constructor',
    '$.__proto__',
  ])
    assert.deepEqual(at(path), [], path);
});

test('what is no path is said so', () => {
  for (const text of ['', 'author.id', '$author', '$.', '$..id', '$[', '$[-1]', '$[?(@.x)]', "$['a'b']", '$.a b'])
    assert.throws(() => parseJsonPath(text), /is no path/, text);
});

test('a list of whatever length ends', () => {
  const wide = { a: Array.from({ length: 2000 }, () => ({ b: Array.from({ length: 100 }, () => 1) })) };
  assert.equal(valuesAt(wide, parseJsonPath('$.a[*].b[*]')).length, 10_000);
});

test('texts and whole numbers are names', () => {
  assert.deepEqual(
    [toName('a'), toName(7), toName(7.5), toName(2 ** 60), toName(null), toName([]), toName(true)],
    [...['a', '7', '', '', '', '', '']],
  );
});
