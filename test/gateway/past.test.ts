import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { begun, changed, leadingTo, settled, upTo, WATCHED_MS } from '../../src/gateway/past.ts';
import type { Config } from '../../src/guard/config.ts';
import { idOf, type Past, policyIdOf, type Terms, termsOf } from '../../src/guard/terms.ts';

const HOUR = 3_600_000;
const NOON = 1_790_000_000_000;
const FILE: Config = { to: 'http://localhost:3000', mode: 'enforce' };
const OLD = termsOf(FILE, '1.0.0');
const OTHER = termsOf({ ...FILE, protect: ['/v2/**'] }, '1.0.0');
const UPGRADED = termsOf(FILE, '1.1.0');

/** Starts of gates that share one place, one after the other. */
const starts = (...list: readonly (readonly [terms: Terms, at: number])[]): Past => {
  let past: Past | null = null;
  for (const [terms, at] of list) past = begun(past, terms, at);
  return past ?? assert.fail('a start at least');
};
const watchedBy = (past: Past, terms: Terms) => leadingTo(past, terms).map(({ at, before }) => [at, idOf(before)]);

test('P3.4 a first start, and one with the same terms, are no change', () => {
  assert.deepEqual(watchedBy(starts([OLD, NOON]), OLD), []);
  assert.deepEqual(
    watchedBy(starts([OLD, NOON], [termsOf({ ...FILE, limit: '9/minute' }, '1.0.0'), NOON + 1]), OLD),
    [],
  );
});

for (const [name, terms] of [
  ['another configuration', OTHER],
  ['another version', UPGRADED],
  ['another share', termsOf({ ...FILE, rollout: '5%' }, '1.0.0')],
] as const) {
  test(`P3.4 a start with ${name} is a change, of that moment`, () => {
    assert.deepEqual(watchedBy(starts([OLD, NOON - 9 * HOUR], [terms, NOON]), terms), [[NOON, idOf(OLD)]]);
  });
}

test('P3.4 restarts open no new window for the same change, and the day ends when it would have', () => {
  const again = Array.from({ length: 50 }, (_, index) => [OTHER, NOON + index * 1000] as const);
  assert.deepEqual(watchedBy(starts([OLD, NOON - HOUR], ...again), OTHER), [[NOON, idOf(OLD)]]);
  const late = starts([OLD, NOON - HOUR], [OTHER, NOON], [OTHER, NOON + WATCHED_MS - 1]);
  assert.equal(watchedBy(late, OTHER).length, 1);
  assert.deepEqual(watchedBy(begun(late, OTHER, NOON + WATCHED_MS), OTHER), []);
});

test('P3.4 two versions side by side, started again in turns, are one change for the new one and none for the old', () => {
  const turns = Array.from(
    { length: 20 },
    (_, index) => [index % 2 === 0 ? UPGRADED : OLD, NOON + index * 60_000] as const,
  );
  const past = starts([OLD, NOON - HOUR], ...turns);
  assert.deepEqual(watchedBy(past, UPGRADED), [[NOON, idOf(OLD)]]);
  assert.deepEqual(watchedBy(past, OLD), []);
});

test('P3.4 going back to what held a week ago is a change like any other', () => {
  const past = starts([OLD, NOON], [UPGRADED, NOON + HOUR], [OLD, NOON + 7 * 24 * HOUR]);
  assert.deepEqual(watchedBy(past, OLD), [[NOON + 7 * 24 * HOUR, idOf(UPGRADED)]]);
});

test('P3.4 whatever restarts there are within a day, each terms were changed to at most once, when they were first seen', () => {
  const run = fc.array(fc.tuple(fc.constantFrom(OLD, OTHER, UPGRADED), fc.integer({ min: 0, max: HOUR })), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(run, (list) => {
      let now = NOON;
      let past = begun(null, OLD, now);
      const first = new Map<string, number>();
      for (const [terms, wait] of list) {
        now += wait;
        past = begun(past, terms, now);
        if (!first.has(idOf(terms))) first.set(idOf(terms), now);
        for (const { at, after } of leadingTo(past, terms)) assert.equal(at, first.get(idOf(after)));
        assert.ok(past.changes.length <= 2, 'nobody but the two others came');
      }
    }),
  );
});

test('P3.6 a clock that was put back makes no session older than a change that came before it', () => {
  const past = starts([OLD, NOON - HOUR], [OTHER, NOON]);
  const later = upTo(past, NOON + 2 * HOUR);
  const [change] = leadingTo(begun(later, OTHER, NOON - HOUR), OTHER);
  assert.equal(change?.at, NOON - 3 * HOUR, 'it lies two hours back, as it did');
  // While a gate ran, by what its monotonic clock says.
  assert.equal(upTo(past, NOON - HOUR, NOON + HOUR).changes[0]?.at, NOON - 2 * HOUR);
  const [kept] = leadingTo(begun(later, OTHER, NOON + 2 * HOUR - 5000), OTHER);
  assert.equal(kept?.at, NOON, 'clocks of two machines may be apart a little');
});

test('P3.6 a clock that was put back keeps no window open, and one that was put forward ends it', () => {
  const past = upTo(starts([OLD, NOON - HOUR], [OTHER, NOON]), NOON + WATCHED_MS - HOUR);
  const back = begun(past, OTHER, NOON);
  assert.equal(watchedBy(back, OTHER).length, 1);
  assert.deepEqual(watchedBy(begun(back, OTHER, NOON + HOUR), OTHER), [], 'the day was nearly over');
  assert.deepEqual(watchedBy(begun(past, OTHER, NOON + 30 * HOUR), OTHER), []);
});

test('P3.4 of several gates that hear of one switch the first writes it down; switched on again, it is another', () => {
  const report = termsOf({ ...FILE, mode: 'report' }, '1.0.0');
  let past = begun(null, report, NOON);
  past = changed(past, report, OLD, NOON + 1000);
  past = changed(past, report, OLD, NOON + 3000);
  assert.deepEqual(watchedBy(past, OLD), [[NOON + 1000, idOf(report)]]);
  past = changed(past, OLD, report, NOON + HOUR);
  past = changed(past, report, OLD, NOON + 2 * HOUR);
  assert.equal(leadingTo(past, OLD)[0]?.at, NOON + 2 * HOUR);
});

test('P3.4 what was taken back once stays known, and a chain of changes is watched from its end', () => {
  const share = termsOf({ ...FILE, protect: ['/v2/**'], rollout: '5%' }, '1.0.0');
  const past = settled(
    starts([OLD, NOON], [OTHER, NOON + 1000], [share, NOON + 2000]),
    NOON + 1000,
    idOf(OTHER),
    'proof',
  );
  const found = leadingTo(past, share);
  assert.deepEqual(
    found.map(({ before, after, settled: layers }) => [idOf(before), idOf(after), layers]),
    [
      [idOf(OTHER), idOf(share), []],
      [idOf(OLD), idOf(OTHER), ['proof']],
    ],
  );
});

test('P3.4 terms hold nothing that is secret or a function, and are the same in whatever order a file has them', () => {
  const config: Config = {
    to: 'http://user-of-the-backend.example',
    alerts: { webhook: 'https://chat.example/hooks/s3cret' },
    records: 'postgres://me:s3cret@host/db',
    login: {
      identify: () => null,
      providers: { a: { issuer: 'https://i.example', clientId: 'c', clientSecret: 's3cret' } },
    },
    routes: [{ match: 'GET /api/a', can: () => true, level: 'session' }],
    hosts: ['app.example'],
    mode: 'enforce',
  };
  const terms = termsOf(config, '1.0.0');
  assert.deepEqual(terms.pages, { routes: [{ match: 'GET /api/a', level: 'session' }], hosts: ['app.example'] });
  assert.ok(!JSON.stringify(terms).includes('s3cret'));
  const turned = Object.fromEntries(Object.entries(config).reverse());
  assert.deepEqual(
    [idOf(termsOf(turned, '1.0.0')), policyIdOf(termsOf(turned, '1.0.0'))],
    [idOf(terms), policyIdOf(terms)],
  );
});
