import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solveNatively } from '../../src/challenges/solve.ts';
import type { EntryResult } from '../../src/doors/entry.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import type { ChallengeMember } from '../../src/wire/challenge.ts';
import { answered, createDoors, createPage, pairOf } from './support.ts';

/** What memory has room for, of all keys and of one (stores/memory/keys.ts). */
const [MOST_NONCES, MOST_OF_ONE] = [2 ** 20, 2 ** 17];

const ALWAYS = { challenge: { enter: 'always', cost: 100 } } as const;

function askedBy(result: EntryResult): ChallengeMember {
  assert.ok(result.kind === 'refuse' && result.code === 'challenge', JSON.stringify(result));
  return result.challenge ?? assert.fail('a challenge comes with the refusal');
}

const solved = async (member: ChallengeMember) => ({ challenge: `${member.token} ${await solveNatively(member)}` });
const codeOf = (result: EntryResult): string => (result.kind === 'refuse' ? result.code : '');

test('a new session is asked before anything is agreed; with the solution the door opens, and a known session is not asked', async () => {
  const doors = createDoors({ config: ALWAYS });
  const [page, stamp] = [createPage(), pairOf(doors.stamps.issue())];
  const member = askedBy(await doors.enter(stamp, page));
  assert.deepEqual([member.action, member.counter, member.kind], ['enter', 0, 'proof-of-work']);
  const { cookies } = answered(await doors.enter(stamp, page, {}, await solved(member)));
  answered(await doors.enter(`${stamp}; ${pairOf(cookies[0])}`, createPage()));
});

test('one solution opens one session, for one page: sent with another key, or once more, it opens none', async () => {
  const doors = createDoors({ config: ALWAYS });
  const stamp = pairOf(doors.stamps.issue());
  const page = createPage();
  const solution = await solved(askedBy(await doors.enter(stamp, page)));
  assert.equal(codeOf(await doors.enter(stamp, createPage(), {}, solution)), 'challenge');
  answered(await doors.enter(stamp, page, {}, solution));
  const other = pairOf(doors.stamps.issue());
  assert.equal(codeOf(await doors.enter(other, page, {}, solution)), 'challenge', 'one more session for one solution');
  answered(await doors.enter(stamp, page, {}, solution));
  assert.equal(doors.state.usage() instanceof Promise ? 0 : (doors.state.usage() as { sessions: number }).sessions, 1);
});

test('two entries at once with one solution open one session', async () => {
  const doors = createDoors({ config: ALWAYS });
  const page = createPage();
  const [first, second] = [pairOf(doors.stamps.issue()), pairOf(doors.stamps.issue())];
  const solution = await solved(askedBy(await doors.enter(first, page)));
  const results = await Promise.all([first, second].map((stamp) => doors.enter(stamp, page, {}, solution)));
  assert.deepEqual(results.map(codeOf).sort(), ['', 'challenge']);
});

test('wrong, late and foreign solutions lead to a new challenge', async () => {
  const doors = createDoors({ config: ALWAYS });
  const stamp = pairOf(doors.stamps.issue());
  const page = createPage();
  const wrong = askedBy(await doors.enter(stamp, page));
  assert.equal(codeOf(await doors.enter(stamp, page, {}, { challenge: `${wrong.token} 0.0.0` })), 'challenge');
  const late = await solved(askedBy(await doors.enter(stamp, page)));
  doors.clock.advance(121);
  const again = askedBy(await doors.enter(stamp, page, {}, late));
  answered(await doors.enter(stamp, page, {}, await solved(again)));
  for (const challenge of ['x', 'x y', ' ', `${'A'.repeat(4000)} 1`])
    askedBy(await doors.enter(stamp, createPage(), {}, { challenge }));
});

test('strangers who bring what is no solution fill nothing, and what they solve leaves partners’ keys half of the room', async () => {
  const state = createMemoryState();
  const commit = state.commit.bind(state);
  const [keys, nonces] = [new Set<string>(), new Set<string>()];
  state.commit = (claims) => {
    keys.add(claims.key);
    nonces.add(claims.keyNonce);
    return commit(claims);
  };
  const doors = createDoors({ config: { challenge: { enter: 'always', cost: 1 } }, state });
  const enterWith = async (solve: (member: ChallengeMember) => Promise<string | null> | string): Promise<string> => {
    const [page, stamp] = [createPage(), pairOf(doors.stamps.issue())];
    const member = askedBy(await doors.enter(stamp, page));
    return codeOf(await doors.enter(stamp, page, {}, { challenge: `${member.token} ${await solve(member)}` }));
  };
  for (let i = 0; i < 20; i++) assert.equal(await enterWith(() => '0.0.0.0'), 'challenge');
  assert.equal(nonces.size, 0);
  for (let i = 0; i < 20; i++) assert.equal(await enterWith(solveNatively), '');
  assert.equal(nonces.size, 20, 'each is used up');
  assert.ok(keys.size <= MOST_NONCES / MOST_OF_ONE / 2, `${keys.size} keys`);
});

test('auto: nobody is asked while the gate has time, and more is asked the busier it is', async () => {
  let load = 0;
  const doors = createDoors({ config: { challenge: { enter: 'auto', cost: 100 } }, load: () => load });
  const stamp = pairOf(doors.stamps.issue());
  answered(await doors.enter(stamp));
  load = 0.8;
  assert.deepEqual(askedBy(await doors.enter(stamp)).parameters['puzzles'], 4);
  load = 0.95;
  assert.deepEqual(askedBy(await doors.enter(stamp)).parameters['puzzles'], 8);
});

test('P6.3 whoever has to save waits at the door, and gets in', async () => {
  const doors = createDoors({ config: ALWAYS });
  const [page, stamp] = [createPage(), pairOf(doors.stamps.issue())];
  const from = { headers: { 'save-data': 'on' } };
  const early = askedBy(await doors.enter(stamp, page, from));
  assert.equal(early.kind, 'wait');
  assert.equal(codeOf(await doors.enter(stamp, page, from, { challenge: `${early.token} waited` })), 'challenge');
  const member = askedBy(await doors.enter(stamp, page, from));
  doors.clock.advance(5);
  answered(await doors.enter(stamp, page, from, { challenge: `${member.token} waited` }));
});
