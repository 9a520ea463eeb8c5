import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solveNatively } from '../../src/challenges/solve.ts';
import type { EntryResult } from '../../src/doors/entry.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { answered, createDoors, createPage, type DoorsOptions, pairOf, START } from './support.ts';

/** Whoever would open a new session; a cookie alone makes nobody somebody whom the door knows. */

const codeOf = (result: EntryResult): string => (result.kind === 'refuse' ? result.code : '');

/** A browser that has entered, by whatever it was asked for. */
async function entered(options: DoorsOptions) {
  const doors = createDoors(options);
  const [page, stamp] = [createPage(), pairOf(doors.stamps.issue())];
  const first = await doors.enter(stamp, page);
  const member = first.kind === 'refuse' ? first.challenge : null;
  const solution = member == null ? {} : { challenge: `${member.token} ${await solveNatively(member)}` };
  const cookie = pairOf(answered(await doors.enter(stamp, page, {}, solution)).cookies[0]);
  const end = async (): Promise<void> => {
    const { place, idHigh, idLow } = doors.sessions.open(cookie, doors.clock.wall()) ?? assert.fail('a session');
    await doors.state.revoke({ place, idHigh, idLow }, doors.clock.wall() + 3_600_000, 'ended');
  };
  return { doors, stamp, browser: `${stamp}; ${cookie}`, end };
}

test('a challenge at the door is asked of a cookie whose session was ended, and not of one that lives', async () => {
  const { doors, browser, end } = await entered({ config: { challenge: { enter: 'always', cost: 100 } } });
  assert.equal(codeOf(await doors.enter(browser)), '');
  await end();
  const page = createPage();
  const asked = await doors.enter(browser, page);
  assert.ok(asked.kind === 'refuse' && asked.code === 'challenge' && asked.challenge != null, JSON.stringify(asked));
  const challenge = `${asked.challenge.token} ${await solveNatively(asked.challenge)}`;
  assert.equal(codeOf(await doors.enter(browser, page, {}, { challenge })), '', 'and then it is let in');
});

test('a cookie that state has forgotten is no way around the challenge when more sessions were ended than it remembers', async () => {
  const { browser } = await entered({});
  const config = { challenge: { enter: 'always', cost: 100 } } as const;
  const comingBack = async (ended: readonly number[]): Promise<string> => {
    const state = createMemoryState({ monotonic: null, revocations: 1 });
    for (const id of ended) state.revoke({ place: id, idHigh: id, idLow: id }, START + 3_600_000, 'ended');
    return codeOf(await createDoors({ config, state }).enter(browser));
  };
  assert.equal(await comingBack([8]), '', 'a restart alone asks nobody who has a session');
  assert.equal(await comingBack([8, 9]), 'challenge');
});

test('where a network opens no new sessions, an ended one opens none, and whoever is in goes on', async () => {
  const closed = new Set<string>();
  const { doors, stamp, browser, end } = await entered({ closed });
  closed.add('192.0.2.1');
  assert.equal(codeOf(await doors.enter(browser)), '');
  assert.equal(codeOf(await doors.enter(stamp)), 'banned');
  await end();
  assert.equal(codeOf(await doors.enter(browser)), 'banned');
  assert.equal(codeOf(await doors.enter(browser, createPage(), { prefix: '198.51.100.1' })), '', 'elsewhere it may');
});

test('state is asked whether a session lives only where newcomers are treated otherwise', async () => {
  const { doors, browser } = await entered({});
  let asked = 0;
  const endedBy = doors.state.endedBy.bind(doors.state);
  doors.state.endedBy = (...args) => {
    asked += 1;
    return endedBy(...args);
  };
  assert.equal(codeOf(await doors.enter(browser)), '');
  assert.equal(asked, 0);
});
