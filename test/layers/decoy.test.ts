import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { scriptPolicy } from '../../src/doors/script-policy.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { createGuard } from '../../src/index.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

const DECOY = { method: 'GET', target: '/api/admin/export' };
const UNKNOWN = { method: 'GET', target: '/api/admin/nothing' };
const CALL = { method: 'GET', target: '/api/posts' };
const NAMED: Config = { decoys: ['GET /api/admin/export'], bans: { after: 3 }, routes: [{ match: 'GET /api/posts' }] };
const UNNAMED: Config = { decoys: ['GET /api/admin/export'], bans: { after: 3 } };
const BELOW: Config = { ...NAMED, routes: [{ match: 'GET /api/posts' }, { match: '/api/**' }] };

/** All that a client can see of it. */
const shown = ({ outcome, code, layer, retryAfter, responseFields, level }: Decision) => ({
  outcome,
  code,
  layer,
  retryAfter,
  responseFields,
  level,
});

const ASKED: readonly (readonly [name: string, make: (page: Page, sketch: Sketch) => Sketch])[] = [
  ['with a proof', (page, sketch) => page.sign(sketch)],
  ['without one', (_page, sketch) => sketch],
  ['with one that does not hold', (page, sketch) => ({ ...page.sign(CALL), ...sketch })],
  ['by another method', (page, sketch) => page.sign({ ...sketch, method: 'POST' })],
  ['in another spelling', (page, sketch) => page.sign({ ...sketch, target: `/${sketch.target?.toUpperCase()}` })],
];

for (const [config, where] of [
  [NAMED, 'routes are named'],
  [UNNAMED, 'none are named'],
  [BELOW, 'one row takes all that is below a path'],
] as const) {
  test(`the page’s script, which everybody can read, names no decoy where ${where}`, async () => {
    const guard = await createGuard({ to: 'http://127.0.0.1:3000', ...config });
    const found = scriptPolicy(guard.policy, 'default').routes.map(({ match }) => match);
    assert.deepEqual(
      found,
      (config.routes ?? []).map(({ match }) => match),
    );
    await guard.close();
  });

  for (const [name, make] of ASKED) {
    test(`a decoy answers as any unknown address does where ${where}, ${name}`, async () => {
      const doors = createTestDoors(config);
      const page = doors.enter();
      const [decoy, unknown] = [await doors.decide(make(page, DECOY)), await doors.decide(make(page, UNKNOWN))];
      assert.deepEqual(shown(decoy), shown(unknown));
    });
  }

  test(`a program that tries what it finds is noted, and banned at the third, where ${where}`, async () => {
    const doors = createTestDoors(config);
    const page = doors.enter();
    for (let i = 0; i < 2; i++)
      assert.equal((await doors.decide(page.sign(DECOY))).note, 'decoy GET /api/admin/export');
    assert.equal((await doors.decide(page.sign(CALL))).code, '');
    await doors.decide(page.sign(DECOY));
    assert.equal((await doors.decide(page.sign(CALL))).code, 'banned');
    assert.deepEqual(
      doors.alarms.map(({ where: place, key, route }) => [place, key.length, route]),
      Array.from({ length: 3 }, () => ['decoy', 11, 'GET /api/admin/export']),
    );
  });
}

const NOT_COUNTED: readonly (readonly [name: string, make: (page: Page, doors: Doors) => Sketch])[] = [
  [
    'a link or a navigation',
    (page) => ({
      ...DECOY,
      headers: {
        cookie: page.cookie,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site': 'cross-site',
      },
    }),
  ],
  [
    'an image of another site',
    (page) => ({
      ...DECOY,
      headers: {
        cookie: page.cookie,
        'sec-fetch-mode': 'no-cors',
        'sec-fetch-dest': 'image',
        'sec-fetch-site': 'cross-site',
      },
    }),
  ],
  ['a prefetch', (page) => page.sign({ ...DECOY, headers: { 'sec-purpose': 'prefetch' } })],
  ['a call across sites', (page) => page.sign({ ...DECOY, headers: { 'sec-fetch-site': 'cross-site' } })],
  [
    'a call by the cookie alone',
    (page) => ({ ...DECOY, headers: { cookie: page.cookie, 'sec-fetch-site': 'same-origin' } }),
  ],
  ['a forged proof', (page) => ({ ...page.sign(CALL), ...DECOY })],
];

for (const [name, make] of NOT_COUNTED) {
  test(`a decoy counts nobody’s visit: ${name}`, async () => {
    const doors = createTestDoors(NAMED);
    const page = doors.enter();
    for (let i = 0; i < 10; i++) await doors.decide(make(page, doors));
    assert.deepEqual([doors.banned, doors.alarms], [[], []]);
    assert.equal((await doors.decide(page.sign(CALL))).code, '');
  });
}

test('a captured touch counts once, and report mode only notes', async () => {
  const doors = createTestDoors(NAMED);
  const page = doors.enter();
  const captured = page.sign(DECOY);
  for (let i = 0; i < 10; i++) await doors.decide(captured);
  assert.deepEqual(doors.banned, []);
  const reporting = createTestDoors({ ...NAMED, mode: 'report' });
  const visitor = reporting.enter();
  for (let i = 0; i < 10; i++)
    assert.equal((await reporting.decide(visitor.sign(DECOY))).note, 'decoy GET /api/admin/export');
  assert.deepEqual([reporting.banned, reporting.alarms.length], [[], 10]);
});

test('a decoy beside what somebody may call is fine, as long as no path is both', () => {
  const routes = ['GET /api/posts/:id/export', 'POST /api/posts/export', 'GET /api/posts/report', '/api/**'];
  const config = { decoys: ['GET /api/*/export'], routes: routes.map((match) => ({ match })), open: ['/hook/**'] };
  assert.doesNotThrow(() => parseConfig(config, 'config'));
});

for (const [decoys, more] of [
  [['GET /api/*/export'], { routes: [{ match: 'GET /api/posts/export' }] }],
  [['GET /api/admin/**'], { routes: [{ match: 'GET /api/admin/stats/today' }] }],
  [['/api/:part/export'], { routes: [{ match: 'GET /api/posts/:id' }] }],
  [['GET /api/*/export'], { open: ['/api/hook/export'] }],
  [['GET /api/Admin/**'], { routes: [{ match: 'GET /api/admin' }] }],
  [['GET /api/posts'], { routes: [{ match: 'GET /api/posts' }] }],
  [['GET /api/posts/export'], { routes: [{ match: 'GET /api/posts/:id' }] }],
  [['/hook/x'], { open: ['/hook/**'] }],
  [['GET /elsewhere'], {}],
] as const) {
  test(`a decoy that somebody may call, or nobody signs for, is refused: ${decoys[0]}`, () => {
    assert.throws(() => parseConfig({ decoys, ...more }, 'config'), /decoys\[0\]/);
  });
}
