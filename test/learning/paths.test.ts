import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Asker, createPathTree, type PathPatterns, segmentsOf } from '../../src/learning/paths.ts';
import { seeded } from '../learning/random.ts';

function patternsOf(
  calls: readonly (readonly [path: string, session: string])[],
  given: readonly string[] = [],
): PathPatterns {
  const tree = createPathTree();
  const askers = new Map<string, Asker>();
  for (const [path, session] of calls) {
    const asker = askers.get(session) ?? { given: new Set(given), asked: new WeakSet() };
    askers.set(session, asker);
    tree.add(segmentsOf(path), session, path.split('/').slice(1), asker);
  }
  return tree.patterns();
}

const times = (count: number, path: (index: number) => string): [string, string][] =>
  Array.from({ length: count }, (_, index) => [path(index), `s${index}`]);

describe('what is a parameter in a path', () => {
  test('numbers, UUIDs and long identifiers are, from the first on', () => {
    const patterns = patternsOf([
      ['/api/posts/17/image', 'a'],
      ['/api/users/0b2c8c58-6a5a-4f40-9a31-5ef4c3f0a111', 'a'],
      ['/api/orders/9f86d081884c7d65', 'a'],
    ]);
    assert.equal(patterns.of('/api/posts/4/image'), '/api/posts/:id/image');
    assert.equal(patterns.of('/api/users/11111111-6a5a-4f40-9a31-5ef4c3f0a111'), '/api/users/:id');
    assert.equal(patterns.of('/api/orders/aaaabbbbccccdddd'), '/api/orders/:id');
  });

  test('names of routes are not, however many sessions call them', () => {
    const names = [
      'tags',
      'user',
      'users',
      'articles',
      'profiles',
      'search',
      'stats',
      'feed',
      'me',
      'likes',
      'v1',
      'sign-in',
      'topics',
      'groups',
    ];
    const patterns = patternsOf(names.flatMap((name) => times(40, () => `/api/${name}`)));
    for (const name of names) assert.equal(patterns.of(`/api/${name}`), `/api/${name}`);
    assert.equal(patterns.of('/api/never-seen'), '', 'what nobody called has no pattern');
  });

  test('words of which new ones keep coming are', () => {
    const random = seeded(3);
    const letters = (): string => Array.from({ length: 7 }, () => random.pick([...'abcdefghij'])).join('');
    const patterns = patternsOf(times(200, () => `/api/tags/${letters()}`));
    assert.equal(patterns.of('/api/tags/unheardof'), '/api/tags/:name');
  });

  test('a few slugs are enough', () => {
    const patterns = patternsOf(times(5, (index) => `/api/articles/how-to-do-it-in-${index}-steps`));
    assert.equal(patterns.of('/api/articles/some-other-thing'), '/api/articles/:name');
  });

  test('words that answers gave are values, however few', () => {
    const calls = ['jake', 'mira', 'noor'].flatMap((name) => times(30, () => `/api/profiles/${name}/follow`));
    const without = patternsOf(calls);
    assert.equal(without.of('/api/profiles/jake/follow'), '/api/profiles/jake/follow');
    const patterns = patternsOf(calls, ['jake', 'mira', 'noor']);
    assert.equal(patterns.of('/api/profiles/somebody/follow'), '/api/profiles/:name/follow');
  });

  test('a name among values keeps its route', () => {
    const calls = times(300, (index) => `/api/articles/on-things-and-others-${index}/comments`);
    const patterns = patternsOf([...calls, ...times(200, () => '/api/articles/feed')]);
    assert.equal(patterns.of('/api/articles/feed'), '/api/articles/feed');
    assert.equal(patterns.of('/api/articles/on-rain/comments'), '/api/articles/:name/comments');
  });

  test('a value that many ask for is still one', () => {
    const calls = times(300, (index) => `/api/articles/on-things-and-others-${index}/comments`);
    const patterns = patternsOf([...calls, ...times(200, () => '/api/articles/welcome/comments')]);
    assert.equal(patterns.of('/api/articles/welcome/comments'), '/api/articles/:name/comments');
  });

  test('two parameters have two names', () => {
    const patterns = patternsOf(times(4, (index) => `/api/posts/${index}/comments/${index}`));
    assert.equal(patterns.of('/api/posts/1/comments/2'), '/api/posts/:id/comments/:id2');
  });

  test('a million paths are held in bounded memory', () => {
    const tree = createPathTree();
    for (let index = 0; index < 200_000; index++)
      tree.add(segmentsOf(`/api/a${index % 5000}x/b${index}y/c`), `s${index}`, [], null);
    assert.equal(tree.patterns().of('/api/whatever/else/c'), '/api/:name/:name2/c');
  });
});
