import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config, RouteConfig } from '../../src/guard/config.ts';
import { wouldRefuse } from '../../src/guard/decision.ts';
import { UnreachableError } from '../../src/guard/errors.ts';
import { ALL_AT_ONCE, EACH_AT_ONCE, EACH_PER_MINUTE } from '../../src/guard/unsure.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';

const GONE = new UnreachableError('state does not answer');
const READ = { method: 'GET', target: '/api/posts' };

async function codeOf(doors: Doors, page: Page, method: string, target: string): Promise<string> {
  return (await doors.decide(page.sign({ method, target }))).code;
}

/** A page that entered before state went away. */
function during(config: Config): { doors: Doors; page: Page } {
  const doors = createTestDoors(config);
  const page = doors.enter();
  doors.outage.error = GONE;
  return { doors, page };
}

describe('P3.6 while state cannot be reached', () => {
  test('a page goes on reading, changes nothing, and nothing vouches for it', async () => {
    const { doors, page } = during({});
    const read = await doors.decide(page.sign(READ));
    assert.deepEqual([read.outcome, wouldRefuse(read)], ['admit', true]);
    assert.deepEqual(
      read.trail.map(({ layer, code, enforced }) => [layer, code, enforced]),
      [['state', 'unsure', false]],
    );
    assert.equal(await codeOf(doors, page, 'HEAD', '/api/posts'), '');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      assert.equal(await codeOf(doors, page, method, '/api/posts'), 'unsure', method);
  });

  test('a captured read may be repeated meanwhile, up to the local limit, and no longer once state is back', async () => {
    const { doors, page } = during({});
    const captured = page.sign(READ);
    let repeated = 0;
    while ((await doors.decide(captured)).code === '') repeated++;
    assert.equal(repeated, EACH_AT_ONCE);
    doors.outage.error = null;
    assert.equal((await doors.decide(captured)).code, '', 'its counter was never used');
    assert.equal((await doors.decide(captured)).code, 'replayed');
  });

  test('what shows no proof, or a forged one, gets in no more than ever', async () => {
    const { doors, page } = during({});
    assert.equal((await doors.decide(READ)).code, 'entry-required');
    const signed = page.sign(READ);
    const forged = { ...signed, headers: { ...signed.headers, signature: `sallyport=:${'A'.repeat(43)}=:` } };
    // It may be one that was redirected here: that, too, only state can say.
    for (const sketch of [forged, { ...signed, target: '/api/other' }])
      assert.deepEqual([(await doors.decide(sketch)).outcome, (await doors.decide(sketch)).code], ['refuse', 'unsure']);
  });

  const never: readonly (readonly [string, Partial<RouteConfig>, Config])[] = [
    ['has its turn', { after: 'POST /api/cart' }, {}],
    ['may be made once', { once: true }, {}],
    ['costs money', { cost: '0.01 USD', budget: '5 USD/day' }, {}],
    ['says so', { whenUnsure: 'refuse' }, {}],
    ['is under a gate that says so', {}, { whenUnsure: 'refuse' }],
  ];
  for (const [what, route, config] of never) {
    test(`a read that ${what} is refused`, async () => {
      const routes = [{ match: 'GET /api/posts', ...route }, { match: 'POST /api/cart' }];
      const { doors, page } = during({ ...config, routes });
      assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), 'unsure');
    });
  }

  test('a read of an id that a session must have been given is refused, one that needs none is not', async () => {
    const served = { param: 'id', from: 'GET /api/posts', at: '$[*].id' };
    const { doors, page } = during({ routes: [{ match: 'GET /api/posts' }, { match: 'GET /api/posts/:id', served }] });
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts/7'), 'unsure');
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), '');
  });

  test('a route may go on where the gate as a whole does not', async () => {
    const routes: RouteConfig[] = [{ match: 'GET /api/posts', whenUnsure: 'reads' }, { match: 'GET /api/other' }];
    const { doors, page } = during({ whenUnsure: 'refuse', routes });
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), '');
    assert.equal(await codeOf(doors, page, 'GET', '/api/other'), 'unsure');
  });

  test('a read that names another method in its query is no read', async () => {
    const routes: RouteConfig[] = [{ match: 'GET /api/posts' }, { match: 'DELETE /api/posts', whenUnsure: 'refuse' }];
    const { doors, page } = during({ routes });
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts?_method=DELETE'), 'unsure');
  });

  test('one session that reads without end is limited alone, and for a minute', async () => {
    const { doors, page } = during({});
    const neighbour = doors.enter();
    for (let i = 0; i < EACH_AT_ONCE; i++) assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), '');
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), 'unsure');
    assert.equal(await codeOf(doors, neighbour, 'GET', '/api/posts'), '');
    doors.clock.now += 60_000 / EACH_PER_MINUTE;
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), '');
  });

  test('many sessions together are limited as well', async () => {
    const { doors } = during({});
    let admitted = 0;
    for (let session = 0; session < ALL_AT_ONCE; session += 10) {
      const page = doors.enter();
      for (let call = 0; call < 20; call++) if ((await codeOf(doors, page, 'GET', '/api/posts')) === '') admitted++;
    }
    assert.equal(admitted, ALL_AT_ONCE);
  });

  test('a store that breaks rather than being away refuses reads, too: who can break it gains nothing', async () => {
    const { doors, page } = during({});
    doors.outage.error = new TypeError('a defect');
    assert.equal(await codeOf(doors, page, 'GET', '/api/posts'), 'unsure');
  });
});
