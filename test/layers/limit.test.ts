import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';

const CALL = { method: 'GET', target: '/api/posts' };

const guarded = (route: NonNullable<Config['routes']>[number], more: Config = {}): Doors =>
  createTestDoors({ routes: [route], ...more });

async function codes(doors: Doors, page: Page, times: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < times; i++) found.push((await doors.decide(page.sign(CALL))).code);
  return found;
}

const field = (decision: Decision, name: string): string =>
  decision.responseFields[decision.responseFields.indexOf(name) + 1] ?? '';

test('R67 a session over its limit is refused with the wait, and a neighbour is not', async () => {
  const doors = guarded({ match: 'GET /api/posts', limit: { rate: '60/minute', burst: 2 } });
  const [farmer, neighbour] = [doors.enter(), doors.enter()];
  assert.deepEqual(await codes(doors, farmer, 3), ['', '', 'limit']);
  const refused = await doors.decide(farmer.sign(CALL));
  assert.deepEqual([refused.layer, refused.retryAfter, field(refused, 'ratelimit')], ['limit', 1, '"session";r=0;t=1']);
  assert.match(refused.trail[0]?.evidence ?? '', /^GET \/api\/posts: 60\/minute per session$/);
  const passed = await doors.decide(neighbour.sign(CALL));
  assert.deepEqual([passed.code, field(passed, 'ratelimit')], ['', '"session";r=1;t=1']);
  doors.clock.now += 1000;
  assert.deepEqual(await codes(doors, farmer, 2), ['', 'limit']);
});

test('R67 a forged call takes nothing of anybody’s bucket', async () => {
  const doors = guarded({ match: 'GET /api/posts', limit: { rate: '60/minute', burst: 1 } });
  const page = doors.enter();
  const forged = page.sign({ ...CALL, target: '/api/posts?page=2' });
  for (let i = 0; i < 5; i++) assert.equal((await doors.decide({ ...forged, ...CALL })).code, 'signature');
  assert.deepEqual(await codes(doors, page, 2), ['', 'limit']);
});

test('R67 a session’s cookie and its page’s proofs pay from the same bucket', async () => {
  const doors = guarded({ match: 'GET /api/posts', carriers: ['media'], limit: { rate: '2/minute' } });
  const page = doors.enter();
  const image = {
    ...CALL,
    headers: {
      cookie: page.cookie,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'image',
    },
  };
  assert.equal((await doors.decide(image)).code, '');
  assert.deepEqual(await codes(doors, page, 2), ['', 'limit']);
  assert.equal((await doors.decide(image)).code, 'limit');
});

test('R67 the limit of all routes counts them together; methods that a query names count under both rules', async () => {
  const doors = createTestDoors({
    limit: { rate: '3/minute' },
    routes: [
      { match: 'GET /api/posts' },
      { match: 'POST /api/posts' },
      { match: 'DELETE /api/posts', limit: '1/minute' },
    ],
  });
  const page = doors.enter();
  const send = async (method: string, target: string) => (await doors.decide(page.sign({ method, target }))).code;
  assert.equal(await send('DELETE', '/api/posts'), '');
  assert.equal(await send('POST', '/api/posts?_method=delete'), 'limit');
  assert.equal(await send('POST', '/api/posts'), '');
  assert.equal(await send('GET', '/api/posts'), '');
  assert.equal(await send('GET', '/api/posts'), 'limit');
});

test('R67 in report mode nothing is refused, delayed or told, and the record says what would have been', async () => {
  const doors = guarded(
    { match: 'GET /api/posts', limit: { rate: '1/minute', wait: 1 } },
    { layers: { limit: 'report' } },
  );
  const page = doors.enter();
  assert.deepEqual(await codes(doors, page, 1), ['']);
  const over = await doors.decide(page.sign(CALL));
  assert.deepEqual([over.outcome, over.retryAfter, over.responseFields.includes('ratelimit')], ['admit', 0, false]);
  assert.deepEqual(
    over.trail.map(({ layer, code, enforced }) => [layer, code, enforced]),
    [['limit', 'limit', false]],
  );
});

test('R67 open requests are counted until they end, and what another layer refuses holds nothing', async () => {
  const doors = guarded({ match: 'GET /api/posts', concurrent: { session: 1 } });
  const page = doors.enter();
  const open = await doors.decide(page.sign(CALL));
  assert.deepEqual([open.code, open.holds?.length], ['', 1]);
  assert.deepEqual(await codes(doors, page, 1), ['limit']);
  for (const hold of open.holds ?? []) await doors.state.release(hold);
  assert.deepEqual(await codes(doors, page, 1), ['']);
});
