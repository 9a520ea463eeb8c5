import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RouteConfig } from '../../src/guard/config.ts';
import type { Learned, LearnedRoute } from '../../src/learning/learn.ts';
import { propose } from '../../src/learning/proposal.ts';

const [FORM, SEND] = ['GET /api/form', 'POST /api/form'];

const route = (match: string, after: LearnedRoute['after'] = null): LearnedRoute => ({
  match,
  calls: 900,
  done: 900,
  sessions: 800,
  networks: 400,
  programs: 0,
  browserNetworks: 3,
  carriers: [],
  types: [],
  limit: null,
  after,
  served: [],
  body: null,
  query: null,
});

const span = (seconds: number) => ({ seconds, usual: 4 * seconds, sessions: 800, kept: 800 });

const LEARNED: Learned = {
  requests: 1800,
  outside: 0,
  unusable: 0,
  unverified: 0,
  sessions: 800,
  networks: 400,
  weighed: { sessions: 800, byNetwork: true },
  oneIn: 1,
  left: [],
  leftOut: new Set(),
  unreadable: [],
  shows: { fields: true, bodies: true },
  routes: [
    route(FORM),
    route(SEND, {
      route: 1,
      after: 0,
      match: FORM,
      sessions: 800,
      kept: 800,
      lower: 0.995,
      notBefore: span(4),
      within: span(7200),
    }),
  ],
};

/** What is proposed for a route that the configuration has so. */
function proposedFor(rule: Omit<RouteConfig, 'match'>): Record<string, unknown> {
  const config = { to: 'http://localhost:3000', routes: [{ match: FORM }, { match: SEND, ...rule }] };
  const found = propose(LEARNED, config).routes.find(({ match }) => match === SEND);
  return Object.fromEntries(found?.fields.map(({ name, value }) => [name, value]) ?? []);
}

describe('times of a step', () => {
  const rows: readonly { name: string; rule: Omit<RouteConfig, 'match'>; want: Record<string, unknown> }[] = [
    {
      name: 'come with a step that is proposed',
      rule: {},
      want: { after: FORM, notBefore: 4, within: 7200 },
    },
    { name: 'come to a rule that names the step', rule: { after: FORM }, want: { notBefore: 4, within: 7200 } },
    { name: 'come to it written as a list', rule: { after: [FORM] }, want: { notBefore: 4, within: 7200 } },
    { name: 'of another step are not known', rule: { after: 'GET /api/other' }, want: {} },
    { name: 'of one of several steps are not known', rule: { after: [FORM, 'GET /api/other'] }, want: {} },
    { name: 'that the rule has stay as they are', rule: { after: FORM, notBefore: 1 }, want: { within: 7200 } },
    { name: 'leave time between them: sooner', rule: { after: FORM, within: 4 }, want: {} },
    { name: 'leave time between them: later', rule: { after: FORM, notBefore: 7200 }, want: {} },
    { name: 'are asked of no route without sessions', rule: { after: FORM, level: 'site' }, want: {} },
  ];
  for (const { name, rule, want } of rows) test(name, () => assert.deepEqual(proposedFor(rule), want));

  test('go with the step where that is no route of the proposal', () => {
    const [form, send] = LEARNED.routes;
    assert.ok(form !== undefined && send !== undefined);
    // Programs alone call the step: it is only written as a comment.
    const doubted = { ...LEARNED, routes: [{ ...form, programs: form.calls, browserNetworks: 0 }, send] };
    const found = propose(doubted, { to: 'http://localhost:3000' }).routes.find(({ match }) => match === SEND);
    assert.deepEqual(found?.fields, []);
  });
});

describe('a route that programs call', () => {
  const doubtOf = (calls: Pick<LearnedRoute, 'calls' | 'programs' | 'browserNetworks'>, networks = 400): string => {
    const learned = { ...LEARNED, networks, routes: [{ ...route('POST /api/hook'), ...calls }] };
    return propose(learned, { to: 'http://localhost:3000' }).routes[0]?.doubt ?? '';
  };

  test('stays a comment, also where browsers of one network call it', () => {
    assert.match(doubtOf({ calls: 900, programs: 900, browserNetworks: 0 }), /^programs alone call it/);
    assert.match(doubtOf({ calls: 900, programs: 880, browserNetworks: 1 }), /^programs mostly call it/);
  });

  test('is a page’s where browsers of several networks call it, or mostly browsers, or few networks are seen at all', () => {
    assert.equal(doubtOf({ calls: 900, programs: 880, browserNetworks: 3 }), '');
    assert.equal(doubtOf({ calls: 900, programs: 300, browserNetworks: 1 }), '');
    assert.equal(doubtOf({ calls: 900, programs: 880, browserNetworks: 1 }, 4), '');
  });
});
