import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solveNatively } from '../../src/challenges/solve.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { problemAnswer } from '../../src/guard/problem.ts';
import type { ChallengeMember } from '../../src/wire/challenge.ts';
import { createTestDoors, type Doors, type Page } from '../support/doors.ts';
import type { Sketch } from '../support/view.ts';

const CONFIG: Config = {
  challenge: { cost: 100 },
  routes: [
    { match: 'POST /api/quotes', challenge: 'always' },
    { match: 'POST /api/orders', challenge: 'always' },
    { match: 'GET /api/posts', challenge: 'auto' },
    { match: 'GET /api/news', challenge: 'auto' },
  ],
};
const QUOTE: Sketch = { method: 'POST', target: '/api/quotes', body: '{"a":1}' };
const POSTS: Sketch = { target: '/api/posts' };

const memberOf = (decision: Decision): ChallengeMember => {
  assert.equal(decision.code, 'challenge');
  assert.ok(decision.challenge, 'a challenge comes with the refusal');
  return decision.challenge;
};

async function solutionOf(member: ChallengeMember): Promise<string> {
  return `${member.token} ${await solveNatively(member)}`;
}

/** The call as the page sends it again: with the solution, and the counter that it is bound to. */
const bringing = (page: Page, sketch: Sketch, member: ChallengeMember, text: string): Sketch =>
  page.sign({ ...sketch, headers: { ...sketch.headers, 'sallyport-challenge': text } }, { nonce: member.counter });

async function asked(doors: Doors, page: Page, sketch = QUOTE): Promise<{ member: ChallengeMember; text: string }> {
  const member = memberOf(await doors.decide(page.sign(sketch)));
  return { member, text: await solutionOf(member) };
}

const redeeming = (page: Page, member: ChallengeMember, text: string, action = member.action): Sketch => {
  const target = `/_sallyport/challenge?for=${encodeURIComponent(action)}`;
  return page.sign({ target, headers: { 'sallyport-challenge': text } }, { nonce: member.counter });
};

test('R40 always: a call is refused with a challenge, and admitted with its solution; the next one is asked anew', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const refused = await doors.decide(page.sign(QUOTE));
  assert.deepEqual([refused.outcome, refused.layer], ['challenge', 'challenge']);
  const member = memberOf(refused);
  const body: { challenge?: unknown } = JSON.parse(String(problemAnswer(refused, '/_sallyport', 0).body));
  assert.deepEqual(body.challenge, member);
  assert.deepEqual([member.kind, member.action, member.shared], ['proof-of-work', 'POST /api/quotes', false]);
  assert.equal((await doors.decide(bringing(page, QUOTE, member, await solutionOf(member)))).code, '');
  assert.equal((await doors.decide(page.sign(QUOTE))).code, 'challenge');
});

test('R40 a solution is good once: sent again, or twice at a time, one call gets in', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const { member, text } = await asked(doors, page);
  const call = bringing(page, QUOTE, member, text);
  const codes = await Promise.all([doors.decide(call), doors.decide(call)]);
  assert.deepEqual(codes.map(({ code }) => code).sort(), ['', 'replayed']);
  assert.equal((await doors.decide(bringing(page, QUOTE, member, text))).code, 'replayed');
});

test('R40 a solution for another session, ticket, counter or route opens nothing', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const { member, text } = await asked(doors, page);
  const again = doors.enter({ cookie: page.cookie });
  const stranger = doors.enter();
  const headers = { 'sallyport-challenge': text };
  const tries: [string, Sketch][] = [
    ['another session', bringing(stranger, QUOTE, member, text)],
    ['another ticket of this session', bringing(again, QUOTE, member, text)],
    ['another counter', page.sign({ ...QUOTE, headers })],
    ['another route', bringing(page, { ...QUOTE, target: '/api/orders' }, member, text)],
  ];
  for (const [name, sketch] of tries) {
    const decision = await doors.decide(sketch);
    assert.deepEqual([decision.code, decision.challenge === null], ['challenge', false], name);
  }
  assert.equal((await doors.decide(bringing(page, QUOTE, member, text))).code, '', 'and is good where it belongs');
});

test('R40 expired, altered, spliced and overlong: refused with another challenge, before anything is computed', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const { member, text } = await asked(doors, page);
  const other = await asked(doors, page);
  const [token = '', solution = ''] = text.split(' ');
  const parts = token.split('.');
  const spliced = [...parts.slice(0, 3), ...(other.member.token.split('.').slice(3) ?? [])].join('.');
  const flipped = `${token.slice(0, -30)}${token.at(-30) === 'A' ? 'B' : 'A'}${token.slice(-29)}`;
  for (const [name, brought] of [
    ['another token’s end', `${spliced} ${solution}`],
    ['one letter altered', `${flipped} ${solution}`],
    ['no solution', token],
    ['an empty solution', `${token} `],
    ['too long', `${token} ${'1'.repeat(7000)}`],
    ['a long token', `${'A'.repeat(5000)} 1`],
    ['two solutions', `${token} ${solution} ${solution}`],
  ] as const) {
    const refused = await doors.decide(bringing(page, QUOTE, member, brought));
    assert.deepEqual([refused.code, refused.challenge === null], ['challenge', false], name);
  }
  doors.clock.now += 121_000;
  const late = await doors.decide(bringing(page, QUOTE, member, text));
  assert.deepEqual([late.code, late.trail[0]?.evidence], ['challenge', 'too late']);
  assert.equal((await doors.decide(bringing(page, QUOTE, memberOf(late), await solutionOf(memberOf(late))))).code, '');
});

test('a wrong solution costs its counter, so that a flood of them pays for each, and a good one follows', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const { member, text } = await asked(doors, page);
  for (const wrong of ['0.0.0.0', '1.2.3', '1.2.3.4.5', '-1.2.3.4', '100000.1.1.1', 'x', '1e3.1.1.1', '01.1.1.1']) {
    const next = memberOf(await doors.decide(page.sign(QUOTE)));
    const bad = await doors.decide(bringing(page, QUOTE, next, `${next.token} ${wrong}`));
    if (bad.code === '') continue; // one in 16^4 of these is a solution
    assert.deepEqual([bad.code, bad.challenge], ['challenge', null], wrong);
    assert.equal((await doors.decide(bringing(page, QUOTE, next, `${next.token} ${wrong}`))).code, 'replayed');
  }
  assert.equal((await doors.decide(bringing(page, QUOTE, member, text))).code, '');
});

test('R41 more work is asked of a young session of a busy gate, and what was sealed is what counts', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  const { member } = await asked(doors, page);
  assert.equal(member.parameters['puzzles'], 4);
  doors.load.now = 0.95;
  const harder = memberOf(await doors.decide(page.sign(QUOTE)));
  assert.equal(harder.parameters['puzzles'], 8);
  const half = (await solutionOf({ ...harder, parameters: { ...harder.parameters, puzzles: 4 } })).split(' ')[1] ?? '';
  assert.equal((await doors.decide(bringing(page, QUOTE, harder, `${harder.token} ${half}`))).code, 'challenge');
});

test('auto: nobody is asked without a reason; a young session of a busy gate is, once for all its routes, and the record says why', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  assert.equal((await doors.decide(page.sign(POSTS))).code, '', 'young alone is no reason');
  doors.load.now = 0.8;
  const refused = await doors.decide(page.sign(POSTS));
  const member = memberOf(refused);
  assert.deepEqual([refused.layer, refused.trail[0]?.evidence, member.shared], ['challenge', 'young, load', true]);
  assert.equal(await doors.redeem(redeeming(page, member, await solutionOf(member))), '204');
  assert.equal((await doors.decide(page.sign(POSTS))).code, '');
  assert.equal((await doors.decide(page.sign({ target: '/api/news' }))).code, '');
  assert.equal((await doors.decide(doors.enter().sign(POSTS))).code, 'challenge', 'another session has passed nothing');
  doors.load.now = 0.95;
  assert.equal((await doors.decide(page.sign(POSTS))).code, 'challenge', 'what asks for more was not shown');
  doors.load.now = 0.8;
  doors.clock.now += 590_000;
  const later = doors.enter({ cookie: page.cookie });
  assert.equal((await doors.decide(later.sign(POSTS))).code, '', 'nor is the next page of the session asked');
});

test('auto: three failed calls of its own make a session suspect; the same one sent again and again does not', async () => {
  const doors = createTestDoors({
    ...CONFIG,
    routes: [...(CONFIG.routes ?? []), { match: 'POST /api/pay', after: 'POST /api/quotes' }],
  });
  const [page, other] = [doors.enter(), doors.enter()];
  doors.clock.now += 601_000;
  const [grown, unlucky] = [doors.enter({ cookie: page.cookie }), doors.enter({ cookie: other.cookie })];
  const pay = { method: 'POST', target: '/api/pay' };
  const captured = unlucky.sign(pay);
  for (let i = 0; i < 3; i++) assert.equal((await doors.decide(captured)).code, 'order');
  assert.equal((await doors.decide(unlucky.sign(POSTS))).code, '');
  for (let i = 0; i < 3; i++) assert.equal((await doors.decide(grown.sign(pay))).code, 'order');
  const refused = await doors.decide(grown.sign(POSTS));
  assert.deepEqual([refused.code, refused.trail[0]?.evidence], ['challenge', 'failures']);
});

test('what a session passed cannot be passed on: another’s solution, another action, a used counter', async () => {
  const doors = createTestDoors(CONFIG);
  doors.load.now = 0.8;
  const [page, stranger] = [doors.enter(), doors.enter()];
  const { member, text } = await asked(doors, page, POSTS);
  assert.equal(await doors.redeem(redeeming(stranger, member, text)), 'challenge');
  const used = await asked(doors, page, POSTS);
  assert.equal(await doors.redeem(redeeming(page, used.member, used.text, 'GET /api/news')), 'challenge');
  assert.equal(await doors.redeem(redeeming(page, used.member, used.text)), 'replayed');
  assert.equal((await doors.decide(stranger.sign(POSTS, { nonce: 50 }))).code, 'challenge');
  assert.equal((await doors.decide(page.sign(POSTS))).code, 'challenge');
  assert.equal(await doors.redeem(redeeming(page, member, text)), '204');
  assert.equal((await doors.decide(page.sign(POSTS))).code, '');
});

test('P6.3 a browser that has to save waits and computes nothing; saying so gains a program nothing', async () => {
  const doors = createTestDoors(CONFIG);
  const saving = { ...QUOTE, headers: { 'save-data': 'on' } };
  const page = doors.enter();
  const pass = async (by: Page, wait = 5000): Promise<string> => {
    const member = memberOf(await doors.decide(by.sign(saving)));
    assert.deepEqual([member.kind, member.parameters], ['wait', { seconds: 5 }]);
    doors.clock.now += wait;
    return (await doors.decide(bringing(by, saving, member, `${member.token} waited`))).code;
  };
  assert.equal(await pass(page, 4000), 'challenge', 'too early');
  assert.equal(await pass(page), '');
  assert.equal(await pass(page), 'challenge', 'one session gets two a minute, one at a time');
  doors.clock.now += 30_000;
  assert.equal(await pass(page), '');
  let passed = 0;
  const began = doors.clock.now;
  const farm = Array.from({ length: 60 }, () => doors.enter());
  const members = await Promise.all(farm.map(async (by) => memberOf(await doors.decide(by.sign(saving)))));
  doors.clock.now += 5000;
  for (const [index, by] of farm.entries()) {
    const member = members[index] as ChallengeMember;
    const decision = await doors.decide(bringing(by, saving, member, `${member.token} waited`));
    if (decision.code === '') passed++;
  }
  assert.equal(doors.clock.now - began, 5000);
  assert.ok(passed <= 10, `${passed} of a farm of 60 behind one network: no more than it has computed in a second`);
});

test('a session that computes is not held by those who wait', async () => {
  const doors = createTestDoors(CONFIG);
  const page = doors.enter();
  for (let i = 0; i < 20; i++) {
    const { member, text } = await asked(doors, page);
    assert.equal((await doors.decide(bringing(page, QUOTE, member, text))).code, '');
  }
});

test('in report mode nobody is asked, and the record says who would have been', async () => {
  const doors = createTestDoors({ ...CONFIG, mode: 'report' });
  const decision = await doors.decide(doors.enter().sign(QUOTE));
  assert.deepEqual(
    [decision.outcome, decision.challenge, decision.trail.map(({ code }) => code)],
    ['admit', null, ['challenge']],
  );
});

test('a call without a proof is refused for that, and no challenge is given to nobody', async () => {
  const doors = createTestDoors(CONFIG);
  const decision = await doors.decide({
    ...QUOTE,
    headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'x-requested-with': 'a' },
  });
  assert.deepEqual([decision.code, decision.challenge], ['entry-required', null]);
});

test('_method in a query leads around no challenge', async () => {
  const doors = createTestDoors({
    challenge: { cost: 100 },
    routes: [{ match: 'POST /api/post/:id' }, { match: 'DELETE /api/post/:id', challenge: 'always' }],
  });
  const page = doors.enter();
  assert.equal(
    (await doors.decide(page.sign({ method: 'POST', target: '/api/post/1?_method=DELETE' }))).code,
    'challenge',
  );
  assert.equal((await doors.decide(page.sign({ method: 'POST', target: '/api/post/1' }))).code, '');
});
