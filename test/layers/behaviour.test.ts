import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solveNatively } from '../../src/challenges/solve.ts';
import type { BehaviourAction, BehaviourRisk } from '../../src/guard/behaviour.ts';
import type { Config } from '../../src/guard/config.ts';
import type { BehaviourConfig } from '../../src/guard/config-behaviour.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { problemAnswer } from '../../src/guard/problem.ts';
import { createTestDoors, type Doors } from '../support/doors.ts';

/** What a model would say, said by the test. */
interface Told extends BehaviourRisk {
  odds: number;
  isWave: boolean;
  readonly done: BehaviourAction[];
}

function telling(odds: number): Told {
  let refusedSince = 0;
  const told: Told = {
    odds,
    isWave: false,
    done: [],
    riskOf: () => (told.odds < 10 ? null : { odds: told.odds, refusedSince }),
    reasonsOf: () => 'counts through numbers; makes one kind of call over and over',
    acted(_session, action, now) {
      if (told.done.at(-1) !== action) told.done.push(action);
      if (action === 'refuse') refusedSince ||= now;
    },
    forget() {
      told.odds = 1;
      refusedSince = 0;
    },
  };
  return told;
}

const ALL: BehaviourConfig = {
  note: '1 in 100',
  limit: '1 in 500',
  challenge: '1 in 1000',
  login: '1 in 2000',
  refuse: '1 in 5000',
  throttle: '3/minute',
};
const CONFIG: Config = { behaviour: ALL, challenge: { cost: 100 }, routes: [{ match: 'GET /api/posts' }] };

const doorsWith = (risk: Told, config: Config = CONFIG): Doors => createTestDoors(config, undefined, risk);
const said = ({ code, layer, note = '', trail }: Decision): string =>
  [code, layer, note, trail[0]?.evidence ?? ''].filter((text) => text !== '').join(' | ');

test('a session like others passes, and nothing is said of it', async () => {
  const risk = telling(1);
  const doors = doorsWith(risk);
  assert.equal(said(await doors.decide(doors.enter().sign({}))), '');
  assert.deepEqual(risk.done, []);
});

test('note: it passes, and the record says how rare it is and why', async () => {
  const doors = doorsWith(telling(234));
  assert.equal(
    said(await doors.decide(doors.enter().sign({}))),
    'behaviour (note): one in 230 sessions looks like this: counts through numbers; makes one kind of call over and over',
  );
});

test('limit: the session is held to the throttle, and nobody else', async () => {
  const doors = doorsWith(telling(600));
  const page = doors.enter();
  const codes: string[] = [];
  for (let call = 0; call < 5; call += 1) codes.push((await doors.decide(page.sign({}))).code);
  assert.deepEqual(codes, ['', '', '', 'limit', 'limit']);
  const refused = await doors.decide(page.sign({}));
  assert.match(
    said(refused),
    /^limit \| limit \| behaviour \(limit\): one in 600 .* \| behaviour: 3\/minute per session$/,
  );
  assert.ok(refused.retryAfter > 0);
  assert.equal((await doors.decide(doors.enter().sign({}))).code, '', 'another session has its own');
});

test('limit: the route’s own limits hold beside it', async () => {
  const routes = [{ match: 'GET /api/posts', limit: '2/minute' }];
  const doors = doorsWith(telling(600), { ...CONFIG, routes });
  const page = doors.enter();
  const codes: string[] = [];
  for (let call = 0; call < 3; call += 1) codes.push((await doors.decide(page.sign({}))).code);
  assert.deepEqual(codes, ['', '', 'limit']);
});

test('challenge: asked once, passed by the page, and then the session goes on', async () => {
  const doors = doorsWith(telling(1500));
  const page = doors.enter();
  const refused = await doors.decide(page.sign({}));
  assert.equal(refused.code, 'challenge');
  const member = refused.challenge;
  assert.ok(member);
  assert.equal(member.shared, true);
  const headers = { 'sallyport-challenge': `${member.token} ${await solveNatively(member)}` };
  const target = `/_sallyport/challenge?for=${encodeURIComponent(member.action)}`;
  assert.equal(await doors.redeem(page.sign({ target, headers }, { nonce: member.counter })), '204');
  assert.equal((await doors.decide(page.sign({}))).code, '');
  assert.equal((await doors.decide(doors.enter().sign({}))).code, 'challenge', 'another session has passed nothing');
});

test('challenge: a route that asks for one at each call asks for that one alone', async () => {
  const routes = [{ match: 'GET /api/posts', challenge: 'always' as const }];
  const doors = doorsWith(telling(1500), { ...CONFIG, routes });
  const page = doors.enter();
  const { challenge: member } = await doors.decide(page.sign({}));
  assert.ok(member && !member.shared);
  const headers = { 'sallyport-challenge': `${member.token} ${await solveNatively(member)}` };
  assert.equal((await doors.decide(page.sign({ headers }, { nonce: member.counter }))).code, '');
});

test('login: whoever has none is asked to log in, whoever has one passes', async () => {
  const doors = doorsWith(telling(3000), { ...CONFIG, login: { accounts: true } });
  assert.equal((await doors.decide(doors.enter().sign({}))).code, 'login-required');
  assert.match(said(await doors.decide(doors.enter({ login: 7 }).sign({}))), /^behaviour \(login\)/);
});

test('P6.5 refuse: for a minute at most, with the reasons; then it starts afresh', async () => {
  const risk = telling(9000);
  const doors = doorsWith(risk);
  const page = doors.enter();
  const refused = await doors.decide(page.sign({}));
  assert.match(said(refused), /^behaviour \| behaviour \| one in 9,000 sessions looks like this: counts/);
  assert.ok(refused.retryAfter > 0 && refused.retryAfter <= 60);
  const { body } = problemAnswer(refused, '/_sallyport', 0);
  assert.doesNotMatch(String(body), /one in|counts|9,000/, 'the client learns no threshold and no reason');
  doors.clock.now += 59_000;
  assert.equal((await doors.decide(page.sign({}))).code, 'behaviour');
  doors.clock.now += 1_000;
  assert.equal(said(await doors.decide(page.sign({}))), '');
});

test('a wave: nobody is asked or refused, what would be more than a limit is one', async () => {
  const risk = telling(9000);
  risk.isWave = true;
  const doors = doorsWith(risk);
  assert.match(said(await doors.decide(doors.enter().sign({}))), /^behaviour \(limit\)/);
  const bare = doorsWith(Object.assign(telling(9000), { isWave: true }), {
    ...CONFIG,
    behaviour: { refuse: '1 in 5000' },
  });
  assert.match(said(await bare.decide(bare.enter().sign({}))), /^behaviour \(note\)/);
});

test('report: it is on record what would be, and the call goes on', async () => {
  const doors = doorsWith(telling(9000), { ...CONFIG, layers: { behaviour: 'report' } });
  const decision = await doors.decide(doors.enter().sign({}));
  assert.deepEqual([decision.outcome, decision.trail[0]?.code], ['admit', 'behaviour']);
});

test('only who signs is judged: a cookie alone, and the gate’s own addresses, are not', async () => {
  const risk = telling(9000);
  const doors = doorsWith(risk, { ...CONFIG, routes: [{ match: 'GET /api/image', carriers: ['media'] }] });
  const page = doors.enter();
  const headers = {
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'image',
    cookie: page.cookie,
  };
  assert.equal((await doors.decide({ target: '/api/image', headers })).code, '');
  assert.deepEqual(risk.done, []);
});

test('not configured, nothing is asked of the model', async () => {
  const risk = telling(9000);
  const doors = doorsWith(risk, { routes: [{ match: 'GET /api/posts' }] });
  assert.equal(said(await doors.decide(doors.enter().sign({}))), '');
  assert.deepEqual(risk.done, []);
});
