import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bySpelling } from '../../src/lib/spellings.ts';

/** Two names that share their length, their first letter and the third from the end, and so their place. */
const NEIGHBOURS = ['x-abcd-one', 'x-wxyz-one'];

test('whatever was asked before, a spelling gets what is made of it', () => {
  const lengthOf = bySpelling((name) => `${name}!`);
  const name = fc.oneof(fc.string(), fc.constantFrom(...NEIGHBOURS, '', 'a', 'ab', 'Accept', 'accept'));
  fc.assert(
    fc.property(fc.array(name, { maxLength: 50 }), (names) => {
      for (const one of names) assert.equal(lengthOf(one), `${one}!`);
    }),
  );
});

test('a spelling is looked at once, as long as no other takes its place', () => {
  const made: string[] = [];
  const remembered = bySpelling((name) => made.push(name));
  const names = [
    'Host',
    'Accept',
    'Sec-Fetch-Site',
    'Sec-Fetch-Mode',
    'Sec-Fetch-Dest',
    'Signature-Input',
    'Signature',
  ];
  for (let round = 0; round < 3; round++) for (const name of names) remembered(name);
  assert.deepEqual(made, names);
  for (let round = 0; round < 2; round++) for (const name of NEIGHBOURS) remembered(name);
  assert.deepEqual(made, [...names, ...NEIGHBOURS, ...NEIGHBOURS]);
});

test('a name longer than any of ours is not kept', () => {
  let looks = 0;
  const remembered = bySpelling(() => (looks += 1));
  for (let round = 0; round < 3; round++) remembered('x'.repeat(65));
  assert.equal(looks, 3);
});
