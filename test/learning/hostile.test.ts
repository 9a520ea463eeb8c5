import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comment } from '../../src/cli/learn-format.ts';
import { editConfig } from '../../src/learning/edit.ts';
import { fieldOf, learnFrom, routesOf } from './support.ts';
import { browserOf, networkOf, type Made } from './traffic.ts';

/** People, and one in ten who asks for what reads like a pattern or like code, of a backend that answers whatever is asked. */
const HOSTILE = [
  ...['/api/**', '/api/*', '/api/:id', '/api/posts/*', '/api/posts/**', '/api/p*', '/api/:__proto__/x', '/api/:a'],
  ...['/api/%2A%2A', '/api/constructor', '/api/__proto__', "/api/it's`$x`", '/api/x*/y', '/api/a//b/*'],
];

function traffic(): Made[] {
  return Array.from({ length: 400 }, (_, number): Made[] => {
    const by = { session: `s${number}`, prefix: networkOf(number), agent: browserOf(number), page: '/' };
    const get = (target: string, after: number): Made => ({
      ...by,
      method: 'GET',
      target,
      status: 200,
      time: 1.8e12 + 60_000 * number + 1000 * after,
    });
    const asked = number % 10 === 3 ? HOSTILE.map((target, index) => get(target, 60 + index)) : [];
    return [get('/api/posts', 0), get(`/api/posts/${(number % 40) + 1}`, 5), get('/api/me', 9), ...asked];
  }).flat();
}

/** Of a page that shows posts by title, as anybody wrote them, and then asks for the rest. */
function readers(titles: readonly string[]): Made[] {
  return Array.from({ length: 400 }, (_, number): Made[] => {
    const by = { session: `s${number}`, prefix: networkOf(number), agent: browserOf(number), page: '/' };
    const get = (after: number, target: string, answer: unknown = {}): Made => ({
      ...by,
      method: 'GET',
      target,
      status: 200,
      answer,
      time: 1.8e12 + 60_000 * number + 1000 * after,
    });
    const posts = titles.map((title, id) => ({ id: id + 1, title }));
    return [
      ...[get(0, '/api/session'), get(1, '/api/posts', { posts }), get(2, '/api/tags'), get(3, '/api/me')],
      ...[get(5, `/api/posts/${(number % 40) + 1}`), get(8, '/api/posts', { posts }), get(9, '/api/session')],
    ];
  }).flat();
}

test('whoever writes the names of routes into posts turns none of them into a parameter', async () => {
  const plain = routesOf(await learnFrom(readers(['hello', 'a walk'])));
  assert.deepEqual(plain.toSorted(), [
    'GET /api/me',
    'GET /api/posts',
    'GET /api/posts/:id',
    'GET /api/session',
    'GET /api/tags',
  ]);
  const poisoned = routesOf(await learnFrom(readers(['posts', 'me', 'tags', 'session', 'api'])));
  assert.deepEqual(poisoned, plain);
});

test('a request that reads like a pattern becomes none: it would open, or shadow, what it stands for', async () => {
  const outcome = await learnFrom(traffic());
  const routes = routesOf(outcome);
  assert.deepEqual(
    routes.filter((match) => match.includes('*') || /\/:(?!id)/.test(match)),
    [],
  );
  // As text it is one path: the bytes that were asked for.
  assert.ok(routes.includes('GET /api/%2A%2A'), routes.join());
  for (const match of ['GET /api/posts', 'GET /api/posts/:id', 'GET /api/me']) assert.ok(routes.includes(match), match);
  assert.equal(fieldOf(outcome, 'GET /api/posts/:id', 'after'), 'GET /api/posts');
  assert.ok(outcome.learned.unusable > 0, 'and is counted as left out');
  const { text } = editConfig('sallyport.config.ts', '', outcome.proposal, comment(outcome, outcome.learned));
  const code = text.replace(/^import .*$/m, 'const defineConfig = (config) => config;');
  const { default: config } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.deepEqual(
    config.routes.map(({ match }: { match: string }) => match).toSorted(),
    routes.toSorted(),
    'written down it says the same',
  );
});
