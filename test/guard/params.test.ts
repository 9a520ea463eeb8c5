import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileParams, namesIn } from '../../src/guard/params.ts';

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
