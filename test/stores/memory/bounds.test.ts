import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMemoryState } from '../../../src/stores/memory/index.ts';
import { enter, START, use, visit } from '../../contract/state/support.ts';

const SEGMENT = 4096;

describe('memory', () => {
  test('R44 a live entry takes at most 160 bytes and a session at most 64, prefixes apart', async () => {
    const entries = 8 * SEGMENT;
    const state = createMemoryState({ monotonic: null, entries, sessions: SEGMENT });
    const people = [];
    for (let n = 0; n < SEGMENT; n += 1) people.push((await enter(state)).session);
    for (let n = SEGMENT; n < entries; n += 1) await enter(state, { session: people[n % SEGMENT] ?? null });
    const usage = await state.usage();
    assert.equal(usage.entries, entries);
    assert.equal(usage.sessions, SEGMENT);
    const onePrefix = 20;
    assert.ok(usage.bytes <= 160 * entries + 64 * SEGMENT + onePrefix * SEGMENT, `${usage.bytes} bytes`);
  });

  test('an empty state takes nothing, and grows by segments', async () => {
    const state = createMemoryState({ monotonic: null });
    assert.equal((await state.usage()).bytes, 0);
    await enter(state);
    const { bytes } = await state.usage();
    assert.ok(bytes > 0 && bytes <= SEGMENT * (160 + 64 + 20), `${bytes} bytes`);
    for (let n = 1; n < SEGMENT; n += 1) await enter(state);
    assert.equal((await state.usage()).bytes, bytes);
    await enter(state);
    assert.ok((await state.usage()).bytes <= 2 * bytes);
  });

  test('R67 a table takes no more once it is full, whoever comes', async () => {
    const state = createMemoryState({ monotonic: null, entries: 300, sessions: 200 });
    let full = 0;
    for (let n = 0; n < 5000; n += 1) {
      await enter(state, { prefix: `198.51.100.${n % 7}`, now: START + n * 10 });
      if (n === 400) full = (await state.usage()).bytes;
    }
    const usage = await state.usage();
    assert.equal(usage.bytes, full);
    assert.equal(usage.sessions, 200);
    assert.ok(usage.entries <= 300);
  });

  test('what has expired makes room before anybody alive has to go', async () => {
    const state = createMemoryState({ monotonic: null, entries: 100, sessions: 1000, sessionIdle: 3_600_000 });
    for (let n = 0; n < 90; n += 1) await enter(state, { windowLife: 10_000 });
    const alive = await enter(state, { windowLife: 600_000 });
    for (let n = 0; n < 90; n += 1) await enter(state, { windowLife: 10_000, now: START + 20_000 });
    assert.equal(await state.commit(use(alive, 1, START + 20_000)), '');
  });

  test('sessions idle for longer than their cookies are forgotten, bit by bit', async () => {
    const state = createMemoryState({ monotonic: null, sessionIdle: 60_000 });
    for (let n = 0; n < 100; n += 1) await enter(state);
    for (let n = 0; n < 100; n += 1) await enter(state, { now: START + 120_000 });
    assert.equal((await state.usage()).sessions, 100);
  });
});

describe('bounds are checked when they are given', () => {
  const bad: readonly { readonly value: number; readonly why: string }[] = [
    { value: 0, why: 'nothing could enter' },
    { value: -5, why: 'there is no negative room' },
    { value: 1.5, why: 'nor half a place' },
    { value: Number.NaN, why: 'a number is needed' },
    { value: Number.POSITIVE_INFINITY, why: 'a bound is needed' },
  ];
  for (const { value, why } of bad) {
    test(`entries: ${value} is refused, since ${why}`, () => {
      assert.throws(() => createMemoryState({ monotonic: null, entries: value }), {
        name: 'RangeError',
        message: /entries .* positive integer/,
      });
    });
  }
});

test('when more sessions were ended than can be remembered, cookies unknown to state get a new session', async () => {
  const before = createMemoryState({ monotonic: null });
  const ended = (await enter(before)).session;
  const other = (await enter(before)).session;
  const state = createMemoryState({ monotonic: null, revocations: 2 });
  await enter(state);
  for (const session of [ended, { place: 8, idHigh: 8, idLow: 8 }, { place: 9, idHigh: 9, idLow: 9 }]) {
    state.revoke(session, START + 3_600_000, 'ended');
  }
  for (const session of [ended, other]) {
    const { session: now } = await enter(state, { session });
    assert.notEqual(now.idLow, session.idLow);
  }
  const { session: later } = await enter(state, { session: other, now: START + 3_700_000 });
  assert.equal(later.idLow, other.idLow);
});

test('R18 a session made again and lost from sight ends with its id all the same', async () => {
  const before = createMemoryState({ monotonic: null });
  await enter(before);
  const first = (await enter(before)).session;
  const second = (await enter(before)).session;
  const state = createMemoryState({ monotonic: null, remade: 1 });
  const again = await enter(state, { session: first });
  await enter(state, { session: second });
  assert.equal(state.commit(use(again, 1, START + 1000)), '');
  assert.equal(state.commit(visit(again.session, START + 1000)), '');
  state.revoke(first, START + 3_600_000, 'ended');
  assert.equal(state.commit(visit(again.session, START + 2000)), 'entry-required');
  assert.equal(state.commit(use(again, 2, START + 2000)), 'stale');
});
