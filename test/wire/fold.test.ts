import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldPath, pathTrouble } from '../../src/wire/fold.ts';

const FOLDED: readonly (readonly [raw: string, folded: string, why: string])[] = [
  ['/api/x', '/api/x', 'nothing to do'],
  ['/API/x', '/api/x', 'case'],
  ['/%61pi/x', '/api/x', 'an encoded letter'],
  ['/%41PI/x', '/api/x', 'an encoded capital'],
  ['//api///x', '/api/x', 'empty segments'],
  ['/api;a/x', '/api/x', 'a matrix parameter'],
  ['/api%3Ba/x', '/api/x', 'an encoded one, for backends that decode first'],
  ['/;a/api', '/api', 'a segment of nothing else'],
  ['/api/', '/api', 'the trailing slash'],
  ['', '/', 'an empty path'],
  ['/', '/', 'the root'],
  ['/%7euser/%2D%5f%2e', '/~user/-_.', 'all unreserved characters'],
  ['/a%40b%3ac%2c', '/a@b:c,', 'reserved ones that backends decode'],
  ['/a%23b%3Fc', '/a%23b%3fc', 'R12 `#` and `?` stay data'],
  ['/a%2Fb%5Cc', '/a%2fb%5cc', 'encoded separators stay apart'],
  ['/a%2561', '/a%2561', 'decoded once, never twice'],
  ['/a%zz%', '/a%25zz%25', 'a percent sign that begins no sequence is itself'],
  ['/p%C3%9Cr', '/pür', 'UTF-8 is decoded and its case folded'],
  ['/ap%C4%B1', '/api', 'a dotless i that some backends take for an i'],
  ['/%E2%84%AAey', '/key', 'the Kelvin sign'],
  ['/a%E4b', '/a%e4b', 'bytes that are no UTF-8 stay as they are'],
  ['/a%E4%62', '/a%e4b', 'and what stands among them is still decoded'],
  ['/A%00%0d', '/a%00%0d', 'controls stay encoded'],
];
for (const [raw, folded, why] of FOLDED) {
  test(`R12 folds ${raw} to ${folded}: ${why}`, () => assert.equal(foldPath(raw), folded));
}

const piece = fc.constantFrom(
  ...'aZ/;.%~2fF5cCeE9\\#?é ',
  '%2e',
  '%25',
  '%32',
  '%65',
  '%66',
  '%41',
  '%C3%A4',
  '%e4',
  '%25',
  '..',
  'ſ',
  'İ',
  'ß',
  '%e2%84%aa',
);
const path = fc.array(piece, { maxLength: 16 }).map((pieces) => `/${pieces.join('')}`);

test('R12 folding twice changes nothing', () => {
  fc.assert(
    fc.property(path, (raw) => assert.equal(foldPath(foldPath(raw)), foldPath(raw))),
    { numRuns: 3000 },
  );
});

test('R12 spelling a path differently does not change what protects it', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abz019-._~@é'), minLength: 1, maxLength: 6 });
  const disguise = fc.array(fc.nat(5), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), disguise, (segments, choices) => {
      let at = 0;
      const next = (): number => choices[at++ % choices.length] ?? 0;
      const disguised = segments.map((segment) => {
        const spelt = [...segment].map((character) => {
          const encoded = Buffer.from(character).toString('hex').replace(/../g, '%$&');
          return [character, character.toUpperCase(), encoded, encoded.toUpperCase(), character, character][next()];
        });
        return spelt.join('') + ['', ';x=1', '', ';', '', ''][next()];
      });
      assert.equal(foldPath(`//${disguised.join('//')}/`), foldPath(`/${segments.join('/')}`));
    }),
  );
});

const TROUBLE: readonly (readonly [raw: string, trouble: string, why: string])[] = [
  ['/api/x', '', 'nothing'],
  ['/', '', 'the root'],
  ['', '', 'nothing at all'],
  ['/a;b=1//c/', '', 'parameters and empty segments are folded, not refused'],
  ['/.well-known/x.y/...', '', 'dots that are names'],
  ['/a%20b%23%3f%C3%A4', '', 'ordinary encoding'],
  ['/100%25', '', 'an encoded percent sign that makes no sequence'],
  ['/a%2fb', 'encoded', 'encoded slash'],
  ['/a%5Cb', 'encoded', 'encoded backslash'],
  ['/a\\b', 'encoded', 'raw backslash'],
  ['/a/../b', 'encoded', 'dot segment'],
  ['/a/..', 'encoded', 'dot segment at the end'],
  ['/.', 'encoded', 'single dot'],
  ['/a/%2E%2e/b', 'encoded', 'encoded dots'],
  ['/a/.%2e', 'encoded', 'half encoded dots'],
  ['/a/..;/b', 'encoded', 'dots before a parameter'],
  ['/a/..%3bx/b', 'encoded', 'before an encoded one'],
  ['/a%252fb', 'encoded', 'doubly encoded slash'],
  ['/%2561pi', 'encoded', 'doubly encoded letter'],
  ['/%25%36%31pi', 'encoded', 'the same, its digits encoded too'],
  ['/%256%31pi', 'encoded', 'the same, one digit encoded'],
  ['/a%25%32%66b', 'encoded', 'doubly encoded slash, digits encoded'],
  ['/%25%32%65%25%32%45/b', 'encoded', 'doubly encoded dots, digits encoded'],
  ['/100%25%20a', '', 'an encoded percent sign before an encoded space'],
  ['/a%f8%80%80%80%af', 'encoded', 'overlong slash of five bytes'],
  ['/a%FC%80%80%80%80%af', 'encoded', 'overlong slash of six bytes'],
  ['/a%', 'encoded', 'a sequence cut short'],
  ['/a%2', 'encoded', 'a sequence cut short'],
  ['/a%u002f', 'encoded', 'a sequence of another kind'],
  ['/a%00', 'encoded', 'encoded NUL'],
  ['/a%0d%0a', 'encoded', 'encoded line break'],
  ['/a%7F', 'encoded', 'encoded DEL'],
  ['/a%c0%af', 'encoded', 'overlong slash'],
  ['/a%e0%80%af', 'encoded', 'overlong slash of three bytes'],
  ['/a%F0%80%80%af', 'encoded', 'overlong slash of four bytes'],
  ['/a\tb', 'control', 'raw tab'],
  ['/a b', 'control', 'raw space'],
  ['/a\x7f', 'control', 'raw DEL'],
  ['/ä', 'control', 'raw non-ASCII'],
  ['/a#b', 'fragment', 'raw fragment'],
];
for (const [raw, trouble, why] of TROUBLE) {
  test(`R12 trouble with ${JSON.stringify(raw)} is '${trouble}': ${why}`, () =>
    assert.equal(pathTrouble(raw), trouble));
}

test('R12 a path without trouble has no dot segment in any reading', () => {
  fc.assert(
    fc.property(path, (raw) => {
      if (pathTrouble(raw) !== '') return;
      let read = raw;
      for (let times = 0; times < 3; times++) read = decodeURIComponent(read.replace(/%(?![0-7][0-9a-f])/gi, '%25'));
      const segments = read.split(/[/\\]/).map((segment) => segment.split(';')[0]);
      assert.ok(!segments.includes('.') && !segments.includes('..'), raw);
      assert.equal(read.split(/[/\\]/).length, raw.split('/').length, raw);
    }),
    { numRuns: 3000 },
  );
});
