import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Decision } from '../../src/guard/decision.ts';
import { createObserving, MOST_WAITING, type ObservingDesk, type Watching } from '../../src/gateway/observing.ts';
import { createMarksKey } from '../../src/learning/marks.ts';
import type { Observation } from '../../src/learning/observation.ts';
import { viewOf } from '../support/view.ts';

interface Clocked {
  readonly desk: ObservingDesk;
  now: number;
}

const NOW = 1_700_000_000_000;

function clocked(): Clocked {
  const clock = { now: 0 };
  return {
    desk: createObserving(
      () => clock.now,
      () => NOW,
    ),
    get now() {
      return clock.now;
    },
    set now(time) {
      clock.now = time;
    },
  };
}

// A decision has some thirty fields; these are the ones that are looked at.
const decision = (changes: object = {}): Decision =>
  ({
    route: { level: 'proof' },
    level: 'proof',
    session: 'abcdefghijk',
    prefix: '203.0.113.7',
    carrier: 'call',
    key: null,
    body: null,
    ...changes,
  }) as unknown as Decision;

const WATCH: Watching = { token: 'token', key: createMarksKey(), most: MOST_WAITING };
const OTHER: Watching = { token: 'other', key: createMarksKey(), most: MOST_WAITING };

const JSON_FIELDS = ['Content-Type', 'application/json'];
const view = viewOf({
  target: '/api/posts/42?token=hunter2',
  headers: { referer: 'https://app.example/posts/42?hunter2', cookie: 'a=hunter2' },
});

function pass(desk: ObservingDesk, made: Decision, answer: string | Buffer, fields = JSON_FIELDS, seen = view): void {
  const observed = desk.begin(made, seen, 200, fields);
  observed?.add(Buffer.from(answer));
  observed?.end();
}

const fetched = (desk: ObservingDesk, after = 0): Observation[] =>
  (desk.after('token', after)?.lines ?? []).map((line) => JSON.parse(line));

describe('watching what passes', () => {
  test('while nobody watches, nothing is begun and nothing kept', () => {
    const { desk } = clocked();
    assert.equal(desk.begin(decision(), view, 200, JSON_FIELDS), null);
    assert.ok(desk.open(WATCH));
    assert.deepEqual(desk.after('token', 0), { lines: [], last: 0, lost: 0, until: NOW, ended: 0 });
  });

  test('paths, times and shapes are told; of queries, cookies and bodies no value', () => {
    const { desk } = clocked();
    desk.open(WATCH);
    const body = Buffer.from('{"password":"hunter2"}');
    const seen = viewOf({
      ...view,
      target: view.target,
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        referer: view.headers.referer,
        cookie: view.headers.cookie,
      },
      body: 'x',
    });
    pass(desk, decision({ body }), '{"id":42,"secret":"hunter2"}', JSON_FIELDS, seen);
    const [one] = fetched(desk);
    assert.ok(one !== undefined);
    assert.doesNotMatch(JSON.stringify(one), /hunter2/);
    assert.partialDeepStrictEqual(one, {
      target: '/api/posts/42',
      page: '/posts/42',
      type: 'application/json',
      verified: true,
      exchange: null,
    });
    assert.ok(one.request?.type === 'object' && one.answer?.type === 'object');
    const { id } = one.answer.fields;
    assert.ok(id?.type === 'integer');
    assert.equal(one.marks[2], id.mark, 'an id in the path is known again in the answer');
  });

  test('the same value has another mark for whoever watches next', () => {
    const { desk } = clocked();
    const markOf = (): string => {
      desk.open({ ...WATCH, key: createMarksKey() });
      pass(desk, decision(), '{"id":42}');
      const [one] = fetched(desk);
      desk.close('token');
      return one?.marks[2] ?? '';
    };
    assert.notEqual(markOf(), markOf());
  });

  test('only what was verified counts as such', () => {
    const { desk } = clocked();
    desk.open(WATCH);
    for (const changes of [
      { level: 'site', session: '' },
      { level: 'site' },
      { level: 'site', carrier: 'media' },
      { level: 'site', carrier: 'media', session: '' },
      { level: 'open', key: { id: 'k' } },
    ])
      pass(desk, decision(changes), '{}');
    assert.deepEqual(
      fetched(desk).map(({ verified }) => verified),
      [false, false, true, false, false],
    );
  });

  test('answers that were compressed are looked into as well; what is no JSON, too long or broken is not', () => {
    const { desk } = clocked();
    desk.open(WATCH);
    pass(desk, decision(), gzipSync('{"id":1}'), [...JSON_FIELDS, 'Content-Encoding', 'gzip']);
    pass(desk, decision(), 'not gzip', [...JSON_FIELDS, 'Content-Encoding', 'gzip']);
    pass(desk, decision(), gzipSync(`"${'x'.repeat(3_000_000)}"`), [...JSON_FIELDS, 'Content-Encoding', 'gzip']);
    pass(desk, decision(), `"${'x'.repeat(3_000_000)}"`);
    pass(desk, decision(), '<p>', ['Content-Type', 'text/html']);
    assert.deepEqual(
      fetched(desk).map(({ answer }) => answer?.type ?? null),
      ['object', null, null, null, null],
    );
  });

  test('what was fetched is forgotten, once and in order', () => {
    const { desk } = clocked();
    desk.open(WATCH);
    for (let index = 1; index <= 3; index++) pass(desk, decision({ session: String(index) }), '{}');
    assert.deepEqual(
      fetched(desk, 0).map(({ session }) => session),
      ['1', '2', '3'],
    );
    assert.deepEqual(
      fetched(desk, 2).map(({ session }) => session),
      ['3'],
      'what was not taken note of comes again',
    );
    assert.deepEqual(fetched(desk, 3), []);
  });

  test('one watches at a time, and whoever does not come back has gone', () => {
    const all = clocked();
    const { desk } = all;
    assert.ok(desk.open(WATCH));
    assert.equal(desk.open(OTHER), false);
    assert.equal(desk.after('other', 0), null);
    all.now = 14_000;
    assert.notEqual(desk.after('token', 0), null);
    all.now = 30_000;
    assert.equal(desk.begin(decision(), view, 200, JSON_FIELDS), null, 'nothing is kept for nobody');
    assert.equal(desk.after('token', 0), null);
    assert.ok(desk.open(OTHER));
  });

  test('what nobody fetches is bounded, and what is dropped is counted', () => {
    const { desk } = clocked();
    desk.open(WATCH);
    const long = JSON.stringify(
      Array.from({ length: 100 }, (_, index) => ({ [`a${index}`]: 1, b: 'x', c: 'y', d: 'z' })),
    );
    for (let index = 0; index < 1000; index++) pass(desk, decision(), long);
    const page = desk.after('token', 0);
    assert.ok(page !== null && page.lost > 0);
    assert.ok(page.lines.join('').length <= 16 * 1024 * 1024);
    assert.equal(page.lines.length + page.lost, 1000);
  });
});
