import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';
import { problemAnswer } from '../../src/guard/problem.ts';
import { createTestDoors } from '../support/doors.ts';

const SHOP: Config = {
  routes: [
    { match: 'GET /api/shop' },
    { match: 'POST /api/cart' },
    { match: 'POST /api/pay', after: 'POST /api/cart', once: true, notBefore: 2 },
  ],
};

const to = (method: string, path: string) => ({ method, target: `/api/${path}` });

test('R65 R66 a shop’s steps: pay comes after a cart that the backend took, not at once, and not twice', async () => {
  const doors = createTestDoors(SHOP);
  const page = doors.enter();
  const call = async (method: string, path: string, status = 200): Promise<string> => {
    const sketch = page.sign(to(method, path));
    const decision = await doors.decide(sketch);
    if (decision.code === '') await doors.answered(sketch, decision, status);
    return decision.code;
  };
  assert.equal(await call('POST', 'pay'), 'order');
  assert.equal(await call('POST', 'cart', 422), '');
  assert.equal(await call('POST', 'pay'), 'order', 'the backend refused that cart');
  assert.equal(await call('POST', 'cart'), '');
  assert.equal(await call('POST', 'pay'), 'order', 'too fast for a person');
  doors.clock.now += 2000;
  for (let i = 0; i < 3; i++) assert.equal(await call('GET', 'shop'), '', 'what else the page does is no error');
  assert.equal(await call('POST', 'pay', 502), '');
  assert.equal(await call('POST', 'pay'), '', 'the first one came to nothing');
  assert.equal(await call('POST', 'pay'), 'order');
});

test('R65 a refusal tells the app which call is missing, and the record as well', async () => {
  const doors = createTestDoors(SHOP);
  const refused = await doors.decide(doors.enter().sign(to('POST', 'pay')));
  assert.deepEqual([refused.layer, refused.trail[0]?.evidence], ['order', 'missing: POST /api/cart']);
  const body: unknown = JSON.parse(String(problemAnswer(refused, '/_sallyport', 0).body));
  assert.deepEqual((body as { needs: string }).needs, 'POST /api/cart');
});

test('R65 _method in a query does not lead around the order', async () => {
  const doors = createTestDoors({
    routes: [
      { match: 'POST /api/cart' },
      { match: 'POST /api/order/:id' },
      { match: 'DELETE /api/order/:id', after: 'POST /api/cart' },
    ],
  });
  const page = doors.enter();
  assert.equal((await doors.decide(page.sign(to('POST', 'order/1?_method=DELETE')))).code, 'order');
  assert.equal((await doors.decide(page.sign(to('POST', 'order/1')))).code, '');
});

test('R65 _method in a query does not do a step', async () => {
  const doors = createTestDoors({
    routes: [
      { match: 'PUT /api/cart' },
      { match: 'POST /api/cart' },
      { match: 'POST /api/pay', after: 'PUT /api/cart' },
    ],
  });
  const page = doors.enter();
  const send = async (method: string, path: string): Promise<string> => {
    const sketch = page.sign(to(method, path));
    const decision = await doors.decide(sketch);
    await doors.answered(sketch, decision, 200);
    return decision.code;
  };
  assert.equal(await send('POST', 'cart?_method=PUT'), '');
  assert.equal(await send('POST', 'pay'), 'order');
  assert.equal(await send('PUT', 'cart'), '');
  assert.equal(await send('POST', 'pay'), '');
});

test('orders that nobody could keep are refused with field, value and rule', () => {
  const problems = (route: NonNullable<Config['routes']>[number]): string[] => {
    try {
      parseConfig({ routes: [{ match: 'POST /api/cart' }, route] }, 'config');
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.problems.map(({ field, value, rule }) => `${field} ${value} ${rule}`);
    }
    return [];
  };
  const match = 'POST /api/pay';
  assert.deepEqual(problems({ match, after: 'POST /api/cart', within: 60, notBefore: 2, once: true }), []);
  assert.match(
    problems({ match, after: 'POST /api/kart' })[0] ?? '',
    /^routes\[1\]\.after .*did you mean POST \/api\/cart/,
  );
  assert.match(problems({ match, after: match })[0] ?? '', /cannot come after itself/);
  assert.match(problems({ match, within: 5 })[0] ?? '', /^routes\[1\]\.within 5 .*write after as well/);
  assert.match(problems({ match, after: 'POST /api/cart', within: 5, notBefore: 5 })[0] ?? '', /no time/);
  assert.match(problems({ match, once: true, atMost: 2 })[0] ?? '', /^routes\[1\]\.once true/);
  assert.match(problems({ match, once: true, level: 'site' })[0] ?? '', /raise the level/);
});
