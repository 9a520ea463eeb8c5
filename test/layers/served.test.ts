import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { createTestDoors } from '../support/doors.ts';

const POSTS: Config = {
  routes: [
    { match: 'GET /api/posts' },
    { match: 'GET /api/posts/:id', served: { from: 'GET /api/posts', at: '$[*].id', linked: 2 } },
    { match: 'DELETE /api/posts/:id', served: { from: 'GET /api/posts', at: '$[*].id', linked: 0 } },
  ],
};

function open() {
  const doors = createTestDoors(POSTS);
  const page = doors.enter();
  const call = async (method: string, id: string, referer = '') => {
    const sketch = page.sign({ method, target: `/api/posts/${id}` });
    const headers = referer === '' ? {} : { headers: { ...sketch.headers, referer } };
    return doors.decide({ ...sketch, ...headers });
  };
  const list = async (ids: readonly string[]) => {
    const { sessionRef = null, route } = await doors.decide(page.sign({ method: 'GET', target: '/api/posts' }));
    for (const { number } of route.sources)
      await doors.state.serve({ session: sessionRef, account: '', source: number, ids });
  };
  return { doors, call, list };
}

test('R65 an object that no answer gave is refused, in every spelling of its id', async () => {
  const { call, list } = open();
  const refused = await call('GET', '7');
  assert.deepEqual([refused.code, refused.layer], ['not-served', 'served']);
  await list(['7', 'ä/b']);
  assert.equal((await call('GET', '7')).code, '');
  assert.equal((await call('DELETE', '7')).code, '', 'the same answer gives it to both routes');
  assert.equal((await call('GET', '%37')).code, '', 'one id, spelt otherwise');
  assert.equal((await call('GET', '8')).code, 'not-served');
});

test('R65 a deep link’s id is taken by the address of the page, not by that of another site, and so many a minute', async () => {
  const { call } = open();
  const page = (id: string) => `http://localhost:4000/posts/${id}?from=mail`;
  assert.equal((await call('GET', '7', 'https://elsewhere.example/posts/7')).code, 'not-served');
  assert.equal((await call('GET', '7', page('71'))).code, 'not-served');
  assert.equal((await call('GET', '7', page('7'))).code, '');
  assert.equal((await call('GET', '8', 'http://localhost:4000/?post=8')).code, '');
  assert.equal((await call('GET', '9', page('9'))).code, 'not-served');
  assert.equal((await call('DELETE', '9', page('9'))).code, 'not-served');
  assert.equal((await call('DELETE', '7', page('7'))).code, '', 'what was linked before has been given');
});

test('served ids that nobody is given are refused with field, value and rule', () => {
  const problems = (route: NonNullable<Config['routes']>[number]): string[] => {
    try {
      parseConfig({ routes: [{ match: 'GET /api/posts' }, route] }, 'config');
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.problems.map(({ field, value, rule }) => `${field} ${value} ${rule}`);
    }
    return [];
  };
  const from = 'GET /api/posts';
  const at = '$[*].id';
  assert.deepEqual(problems({ match: 'GET /api/posts/:id', served: { from, at } }), []);
  assert.match(
    problems({ match: 'GET /api/posts/:id', served: { from: 'GET /api/post', at } })[0] ?? '',
    /served\.from .*list the route/,
  );
  assert.match(
    problems({ match: 'GET /api/posts/:a/:b', served: [{ from, at }] })[0] ?? '',
    /served\[0\]\.param nothing say which of a, b/,
  );
  assert.match(
    problems({ match: 'GET /api/posts/:id', served: { from, at: 'posts' } })[0] ?? '',
    /served\.at "posts" write a path/,
  );
  assert.match(
    problems({ match: 'GET /api/posts/:id', level: 'site', served: { from, at } })[0] ?? '',
    /raise the level/,
  );
});
