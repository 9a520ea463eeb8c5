import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { compileParam, compileParams, namesIn } from '../../src/guard/params.ts';
import { foldPath } from '../../src/wire/fold.ts';

const read = (pattern: string, path: string) => compileParams(pattern)(path);

test('names stand for segments as sent, and percent-decoded', () => {
  assert.deepEqual(namesIn('/api/:kind/x/:id/**'), ['kind', 'id']);
  assert.deepEqual(read('/api/posts/:id', '/api/posts/a%20B%C3%A9'), {
    raw: { id: 'a%20B%C3%A9' },
    decoded: { id: 'a Bé' },
  });
  assert.deepEqual(read('/api/:a/:b', '/api/1/2')?.decoded, { a: '1', b: '2' });
  assert.deepEqual(read('/api/posts', '/anything')?.decoded, {});
});

test('other spellings of a path name the same', () => {
  for (const path of ['/API//posts/7', '/api/posts/7/', '/api/;x=1/posts/7', '/api/%70osts/7']) {
    assert.equal(read('/api/posts/:id', path)?.decoded['id'], '7', path);
  }
  assert.equal(read('/api/posts/:id/**', '/api/posts/7')?.decoded['id'], '7');
  assert.equal(read('/api/posts/:id/**', '/api/posts/7/comments/2')?.decoded['id'], '7');
});

test('what cannot be told for certain is nothing', () => {
  for (const path of ['/api/posts/%ff', '/api/posts/%', '/api/posts', '/api/posts/7/8', '/api/posts/;x']) {
    assert.equal(read('/api/posts/:id', path), null, path);
  }
});

/** Pieces of which hostile paths are made. */
const piece = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '//',
    ';',
    ';x=1',
    '%',
    '%2f',
    '%3b',
    '%ff',
    '%70',
    '%C3%A9',
    '.',
    '..',
    'é',
    'ſ',
    '\u0130',
    'api',
    'API',
    'posts',
    '7',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);
const nearlyRight = fc
  .array(fc.oneof(piece, fc.constantFrom('api/', 'posts/', '7', '/')), { maxLength: 8 })
  .map((pieces) => `/api/posts/${pieces.join('')}`);

/** What {@link compileParams} was before plain paths had a way of their own: every segment is folded. */
function readByFolding(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const segmentsOf = (text: string) => text.split('/').filter((one) => one !== '' && foldPath(`/${one}`) !== '/');
  const [pieces, segments] = [segmentsOf(pattern), segmentsOf(path)];
  const isOpen = pieces.at(-1) === '**';
  if (isOpen ? segments.length < pieces.length - 1 : segments.length !== pieces.length) return null;
  const decoded: Record<string, string> = {};
  for (const [index, one] of pieces.entries()) {
    if (!one.startsWith(':')) continue;
    try {
      decoded[one.slice(1)] = decodeURIComponent(segments[index] ?? '');
    } catch {
      return null;
    }
  }
  return decoded;
}

for (const pattern of ['/api/posts/:id', '/api/:kind/:id', '/api/posts/:id/**', '/:a/:a', '/**', '/api/posts']) {
  test(`R12 in ${pattern} every path names what it names when each of its segments is folded`, () => {
    const one = {
      all: compileParams(pattern),
      names: new Map(namesIn(pattern).map((name) => [name, compileParam(pattern, name)])),
    };
    fc.assert(
      fc.property(fc.oneof(path, nearlyRight), (text) => {
        const expected = namesIn(pattern).length === 0 ? {} : readByFolding(pattern, text);
        assert.deepEqual(one.all(text)?.decoded ?? null, expected);
        for (const [name, read] of one.names) assert.equal(read(text), expected?.[name] ?? '');
      }),
      { numRuns: 2000 },
    );
  });
}

test('a name that the pattern has not is nothing in any path', () => {
  for (const path of ['/api/posts/7', '/api/posts/%37', '/'])
    assert.equal(compileParam('/api/posts/:id', 'other')(path), '');
});

test('names that objects have by themselves are read as any other', () => {
  for (const name of ['constructor', 'prototype', 'toString', 'hasOwnProperty', '__proto', '_proto__'])
    assert.equal(read(`/api/:${name}`, '/api/7')?.decoded[name], '7', name);
});

test('the one name that no field can have is refused with the configuration that has it', () => {
  const config = { to: 'http://localhost:3000', routes: [{ match: 'GET /api/posts/:__proto__' }] };
  assert.throws(
    () => parseConfig(config, 'config'),
    /routes\[0\]\.match.*"__proto__" names no segment; call it otherwise/s,
  );
  assert.equal(parseConfig({ ...config, routes: [{ match: 'GET /api/posts/:proto__' }] }, 'config').routes?.length, 1);
});
