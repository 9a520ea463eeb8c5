import { NO_MACHINES } from '../../src/gateway/machine-calls.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecords } from '../../src/gateway/records.ts';
import { shapeOf } from '../../src/gateway/routebook.ts';
import type { Decision, TrailStep } from '../../src/guard/decision.ts';
import { type Sketch, viewOf } from '../support/view.ts';
import { decisionOf, pageGuard } from './stubs.ts';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const guard = pageGuard();
let ids = 0;

function step(code: TrailStep['code'], enforced: boolean): TrailStep {
  return { layer: 'proof', code, enforced, evidence: 'no signature', wouldPass: 'a signed call' };
}

function made(sketch: Sketch, changes: Partial<Decision> = {}) {
  const view = viewOf(sketch);
  return { view, decision: decisionOf(guard, view, { id: `id${ids++}`.padEnd(16, '-'), ...changes }) };
}

const refusal = {
  outcome: 'refuse',
  code: 'entry-required',
  layer: 'proof',
  trail: [step('entry-required', true)],
} as const;
const reported = { trail: [step('entry-required', false)] } as const;

test('P9.2 the record of a refusal says which rule, which evidence and what would have passed', () => {
  const records = createRecords({ now: () => 1_700_000_000_000 });
  const { decision, view } = made(
    { target: '/api/posts/1?token=hidden', headers: { 'user-agent': 'curl/8' } },
    refusal,
  );
  records.add(decision, view);
  assert.deepEqual(records.get(decision.id), {
    id: decision.id,
    at: 1_700_000_000_000,
    outcome: 'refuse',
    wouldRefuse: false,
    code: 'entry-required',
    key: '',
    layer: 'proof',
    route: 'protect /api/**',
    level: 'proof',
    shown: 'open',
    method: 'GET',
    path: '/api/posts/1',
    carrier: 'call',
    destination: '',
    client: '',
    session: '',
    prefix: '192.0.2.7',
    family: 'program',
    trail: [step('entry-required', true)],
    status: 0,
  });
});

test('R71 a record holds no header, query or address beyond its prefix', () => {
  const records = createRecords({ now: Date.now });
  const headers = {
    cookie: 'sid=COOKIESECRET',
    authorization: 'Bearer TOKENSECRET',
    signature: 'sallyport=:SIGNATURE:',
    'signature-input': 'keyid="TICKETSECRET"',
  };
  const { decision, view } = made(
    { target: '/api/x?sallyport-proof=PROOFSECRET', headers },
    { ...refusal, address: '2001:db8::99' },
  );
  records.add(decision, view);
  assert.doesNotMatch(JSON.stringify(records.get(decision.id)), /SECRET|SIGNATURE|2001:db8::99/);
});

test('R72 a would-be refusal is recorded as one, and as passed', () => {
  const records = createRecords({ now: Date.now });
  const { decision, view } = made({}, reported);
  records.add(decision, view);
  const record = records.get(decision.id);
  assert.equal(record?.outcome, 'admit');
  assert.equal(record?.wouldRefuse, true);
  assert.equal(record?.code, 'entry-required');
  assert.deepEqual(
    records.latest(10).map((one) => one.id),
    [decision.id],
  );
  const { refused, wouldRefuse, requests } = records.summary();
  assert.deepEqual({ refused, wouldRefuse, requests }, { refused: 0, wouldRefuse: 1, requests: 1 });
});

test('the ring keeps the latest refusals, admitted requests do not push them out, and both are bounded', () => {
  const records = createRecords({ now: Date.now, capacity: 3, admitted: 2 });
  const refused = Array.from({ length: 5 }, () => made({}, refusal));
  for (const { decision, view } of refused) records.add(decision, view);
  const passed = Array.from({ length: 50 }, () => made({}));
  for (const { decision, view } of passed) records.add(decision, view);
  const kept = (all: typeof refused): number => all.filter(({ decision }) => records.get(decision.id) !== null).length;
  assert.equal(kept(refused), 3);
  assert.equal(kept(passed), 2);
  assert.deepEqual(
    records.latest(2).map((one) => one.id),
    refused
      .slice(-2)
      .reverse()
      .map(({ decision }) => decision.id),
  );
});

test('pages, assets and the doors themselves do not count as visitors who passed', () => {
  const records = createRecords({ now: Date.now });
  const pageLoad = made({ target: '/' });
  const entry = made({ target: '/_sallyport/enter', method: 'POST' }, { route: guard.policy.mountRoute });
  for (const { decision, view } of [pageLoad, entry]) records.add(decision, view);
  assert.equal(records.summary().requests, 0);
  const refusedLoad = made({ target: '/' }, { outcome: 'refuse', code: 'host', layer: 'host' });
  records.add(refusedLoad.decision, refusedLoad.view);
  assert.equal(records.summary().refused, 1);
});

test('nothing older than its life is shown', () => {
  let now = 1_000_000;
  const records = createRecords({ now: () => now, life: 1000 });
  const { decision, view } = made({}, refusal);
  records.add(decision, view);
  now += 1000;
  assert.ok(records.get(decision.id));
  now += 1;
  assert.equal(records.get(decision.id), null);
  assert.deepEqual(records.latest(5), []);
});

test('P3.2 shares are of sessions: one noisy session counts once', () => {
  const records = createRecords({ now: Date.now });
  const say = (count: number, session: string, agent: string, changes: Partial<Decision>): void => {
    for (let index = 0; index < count; index++) {
      const { decision, view } = made({ headers: { 'user-agent': agent } }, { session, ...changes });
      records.add(decision, view);
    }
  };
  say(1, 'one', CHROME, {});
  say(1, 'two', CHROME, {});
  say(50, 'three', FIREFOX, reported);
  say(1, 'three', FIREFOX, {});
  say(7, '', 'curl/8.0', reported);
  const summary = records.summary();
  assert.equal(summary.sessions, 4);
  assert.equal(summary.sessionsWithoutEntry, 1);
  assert.equal(summary.refusedSessions, 2);
  assert.equal(summary.requests, 60);
  assert.deepEqual(summary.byCode, [
    { name: 'entry-required', requests: 57, refusedRequests: 57, sessions: 4, refusedSessions: 2 },
  ]);
  const families = summary.byFamily.map(
    ({ name, sessions, refusedSessions }) => `${name} ${refusedSessions}/${sessions}`,
  );
  assert.deepEqual(families, ['Chrome 0/2', 'Firefox 1/1', 'program 1/1']);
  assert.deepEqual(
    summary.byRoute.map(({ name, refusedSessions }) => [name, refusedSessions]),
    [['protect /api/**', 2]],
  );
  assert.equal(summary.partial, false);
});

test('visitors are bounded, and the summary says when they no longer all count', () => {
  const records = createRecords({ now: Date.now });
  for (let count = 0; count < 25_000; count++) {
    const { decision, view } = made({}, { session: `s${count}` });
    records.add(decision, view);
  }
  const { sessions, partial } = records.summary();
  assert.ok(sessions <= 20_000 && sessions >= 10_000);
  assert.equal(partial, true);
});

test('routes say how they were called: what enforce has to know', () => {
  const records = createRecords({ now: () => 0 });
  const image = made(
    { target: '/api/posts/17/image', headers: { 'sec-fetch-dest': 'image' } },
    { carrier: 'media', ...reported },
  );
  const other = made(
    { target: '/api/posts/18/image', headers: { 'sec-fetch-dest': 'image' } },
    { carrier: 'media', ...reported },
  );
  const call = made({ target: '/api/posts/18/image', headers: { 'sec-fetch-dest': 'empty' } });
  for (const { decision, view } of [image, other, call]) records.add(decision, view);
  assert.deepEqual(records.routes(), [
    {
      method: 'GET',
      path: '/api/posts/:id/image',
      route: 'protect /api/**',
      carriers: { media: 2, call: 1 },
      destinations: { image: 2, empty: 1 },
      requests: 3,
      refused: 2,
      anonymousWrites: 0,
      machines: NO_MACHINES,
      lastSeen: '1970-01-01T00:00:00.000Z',
    },
  ]);
});

test('routes are bounded, whatever paths are asked for', () => {
  const records = createRecords({ now: Date.now });
  for (let count = 0; count < 3000; count++) {
    const { decision, view } = made({
      target: `/api/${'x'.repeat(count % 40)}/p${String.fromCharCode(97 + (count % 26))}q${count}`,
    });
    records.add(decision, view);
  }
  assert.ok(records.routes().length <= 1001);
  assert.ok(records.routes().some((route) => route.path === '…' && route.requests > 0));
});

const WRITES: readonly { name: string; sketch: Sketch; status: number; counted: boolean }[] = [
  {
    name: 'DELETE answered 204 without any sign of who',
    sketch: { method: 'DELETE', target: '/api/posts/1' },
    status: 204,
    counted: true,
  },
  {
    name: 'our own cookies are no sign of who',
    sketch: { method: 'POST', headers: { cookie: '__Host-sallyport=a; __Host-sallyport-stamp=b' } },
    status: 201,
    counted: true,
  },
  {
    name: 'a cookie of the app may say who',
    sketch: { method: 'POST', headers: { cookie: '__Host-sallyport=a; sid=1' } },
    status: 201,
    counted: false,
  },
  {
    name: 'a token says who',
    sketch: { method: 'POST', headers: { authorization: 'Bearer x' } },
    status: 201,
    counted: false,
  },
  { name: 'a refusal by the backend', sketch: { method: 'DELETE' }, status: 401, counted: false },
  { name: 'reading', sketch: { method: 'GET' }, status: 200, counted: false },
];
for (const { name, sketch, status, counted } of WRITES) {
  test(`P1.7 writes that answer anybody: ${name}`, () => {
    const records = createRecords({ now: Date.now });
    const { decision, view } = made(sketch);
    records.add(decision, view);
    records.settled(decision, view, status);
    assert.equal(records.routes()[0]?.anonymousWrites, counted ? 1 : 0);
    assert.equal(records.get(decision.id)?.status, status);
  });
}

test('ids in paths become one shape', () => {
  const rows = [
    ['/api/posts/42', '/api/posts/:id'],
    ['/api/posts/550e8400-e29b-41d4-a716-446655440000/x', '/api/posts/:id/x'],
    ['/api/u/0123456789abcdef0123', '/api/u/:id'],
    ['/api/u/Zm9vYmFyMTIzNDU2Nzg5', '/api/u/:id'],
    ['/api/articles/a-long-readable-title', '/api/articles/a-long-readable-title'],
    ['/api/v2/posts', '/api/v2/posts'],
    [`/${'a/'.repeat(40)}`, `/${'a/'.repeat(15)}**`],
  ];
  for (const [path = '', shape] of rows) assert.equal(shapeOf(path), shape);
});

test('a long path is cut, and does not keep its request alive', () => {
  const records = createRecords({ now: Date.now });
  const { decision, view } = made({ target: `/api/${'x'.repeat(9000)}` }, refusal);
  records.add(decision, view);
  assert.equal(records.get(decision.id)?.path.length, 256);
});

test('whatever Sec-Fetch-Dest says is counted by its name, what objects have by themselves too', () => {
  const records = createRecords({ now: () => 1 });
  for (const name of ['constructor', 'constructor', 'toString', '__proto__']) {
    const { decision, view } = made({ headers: { 'sec-fetch-dest': name } }, refusal);
    records.add(decision, view);
  }
  assert.deepEqual(records.routes()[0]?.destinations, { constructor: 2, toString: 1 });
});
