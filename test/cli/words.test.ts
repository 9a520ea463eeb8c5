import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { share } from '../../src/cli/status.ts';
import { shellWord, shown, table } from '../../src/cli/terminal.ts';

test('a word quoted for the shell is read by the shell as it was', () => {
  const words = ['plain', "it's", '$(touch x)', '`id`', 'a b', '"', "'; rm -rf /; '", 'GET /api/**', ''];
  for (const word of words) {
    assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' }), word);
  }
});

test('nothing that a request brought can drive the terminal', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(shown(text))));
});

test('a share is never 0 % where somebody is hit, nor 100 % where somebody is not', () => {
  assert.deepEqual([share(0, 0), share(0, 5), share(5, 5)], ['0 %', '0 %', '100 %']);
  assert.deepEqual([share(1, 1000), share(999, 1000), share(1, 4)], ['under 1 %', 'over 99 %', '25 %']);
});

test('columns of a table begin under one another', () => {
  assert.equal(
    table([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
    '  a    bb\n  ccc  d',
  );
});
