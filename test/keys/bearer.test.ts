import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseKey } from '../../src/wire/key.ts';
import { bearer, keyedGate, order, until } from './support.ts';

describe('a bearer key over a real gate', () => {
  test('P11.1 R69 opens a route that lists its scopes, beside pages, and is not shown to the backend', async (t) => {
    const { desk, call, seen, decisions } = await keyedGate(t);
    const { row, secret } = await desk.issue(order());
    await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
    assert.equal(seen.at(-1)?.headers.authorization, undefined);
    assert.deepEqual(decisions.at(-1)?.key, { id: row.id, account: 'partner', scopes: ['posts:read'] });
    assert.equal((await call('/api/posts')).code, 'entry-required', 'without a key it is a page’s route');
  });

  test('R69 opens nothing that does not list keys, and nothing beyond its scopes', async (t) => {
    const { desk, call, seen } = await keyedGate(t);
    const { secret } = await desk.issue(order());
    await until(async () => (await call('/api/any', bearer(secret))).status === 200);
    const before = seen.length;
    for (const [path, method] of [
      ['/api/own', 'GET'],
      ['/api/posts', 'POST'],
    ] as const) {
      const reply = await call(path, { ...bearer(secret), method });
      assert.deepEqual([reply.status, reply.code], [401, 'key'], `${method} ${path}`);
      assert.ok(reply.headers['www-authenticate'], 'says how to authenticate');
    }
    assert.equal((await call('/api/none', bearer(secret))).code, 'forbidden');
    assert.equal(seen.length, before);
  });

  test('R69 a slip of the pen, an unknown, a revoked and an expired key look alike to clients, and not in the record', async (t) => {
    const { desk, call, clock, decisions } = await keyedGate(t);
    const { row, secret } = await desk.issue(order());
    const short = await desk.issue(order({ life: 60_000 }));
    await until(async () => (await call('/api/posts', bearer(short.secret))).status === 200);
    const typo = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
    assert.equal(parseKey(typo), 'typo');
    await desk.revoke(row.id);
    await until(async () => (await call('/api/posts', bearer(secret))).status === 401);
    clock.move(61_000);
    const replies = [];
    for (const key of [typo, secret, short.secret]) replies.push(await call('/api/posts', bearer(key)));
    const shown = replies.map(({ status, text }) => [status, text.replace(/"id":"[^"]+"/, '')]);
    assert.equal(new Set(shown.map(String)).size, 1);
    const [first, second, third] = decisions.slice(-3).map(({ trail }) => trail[0]);
    assert.match(first?.wouldPass ?? '', /checksum/);
    assert.match(second?.evidence ?? '', /revoked/);
    assert.match(third?.evidence ?? '', /expired/);
  });
});
