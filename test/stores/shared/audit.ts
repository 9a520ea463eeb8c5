import assert from 'node:assert/strict';
import { ENTRY_LINK, ENTRY_WORDS } from '../../../src/stores/memory/windows.ts';
import { SESSION_LINK } from '../../../src/stores/memory/sessions.ts';
import {
  FIRST_HELD,
  GARBAGE,
  HELD_WORDS,
  type Layout,
  layoutOf,
  MOST_OF_A_PREFIX,
  MOST_WORKERS,
  OWNED,
  SESSION_STRIDE,
} from '../../../src/stores/shared/layout.ts';
import type { SharedMemory } from '../../../src/stores/shared/index.ts';
import { HELD_LINK } from '../../../src/stores/shared/open.ts';
import { SLAB_HEAD } from '../../../src/stores/shared/slab.ts';
import type { TableAt } from '../../../src/stores/shared/table.ts';

/** Records of one kind, read as they lie. */
interface Shelf {
  readonly live: ReadonlySet<number>;
  get(slot: number, field: number): number;
}

/** Whether everything in a memory that nobody is at work in hangs together; throws where it does not. */
export function audit({ buffer, bounds }: SharedMemory): void {
  const words = new Uint32Array(buffer);
  const layout = layoutOf(bounds);
  const windows = shelf(words, layout.windows, { stride: ENTRY_WORDS, link: ENTRY_LINK });
  const sessions = shelf(words, layout.sessions, { stride: SESSION_STRIDE, link: SESSION_LINK });
  const prefixes = table(words, layout.prefixes);
  auditSessions(windows, sessions, prefixes);
  auditPrefixes(words, layout, prefixes, sessions);
  auditDoings(words, layout, sessions);
  auditOpen(words, layout);
  for (const name of ['buckets', 'grants', 'revocations', 'remade'] as const) table(words, layout[name]);
  auditNonces(words, layout);
}

/** Each window is in the chain of its session, each session in the list of its prefix: exactly once. */
function auditSessions(windows: Shelf, sessions: Shelf, prefixes: Shelf): void {
  const chained: number[] = [];
  for (const session of sessions.live) {
    const own = walk(windows, sessions.get(session, 8), 4);
    assert.equal(own.length, sessions.get(session, 10) & 0xffff, 'windows of a session');
    assert.equal(own.at(-1) ?? 0, sessions.get(session, 9), 'its last window');
    for (const window of own) assert.equal(windows.get(window, 3), session);
    assert.ok(prefixes.live.has(sessions.get(session, 5)));
    chained.push(...own);
  }
  assert.deepEqual(chained.toSorted(byNumber), [...windows.live].toSorted(byNumber));
}

function auditPrefixes(words: Uint32Array, layout: Layout, prefixes: Shelf, sessions: Shelf): void {
  let listed = 0;
  let most = 0;
  for (const prefix of prefixes.live) {
    const own = walk(sessions, prefixes.get(prefix, 4), 7);
    assert.equal(own.length, prefixes.get(prefix, 3), 'sessions of a prefix');
    assert.equal(own.at(-1) ?? 0, prefixes.get(prefix, 5));
    const peers = walk(prefixes, words[layout.prefixesByCount + own.length] ?? 0, 7);
    assert.ok(peers.includes(prefix), 'prefixes of as many sessions');
    listed += own.length;
    most = Math.max(most, own.length);
  }
  assert.equal(listed, sessions.live.size);
  assert.equal(words[MOST_OF_A_PREFIX], most);
}

/** What is done has one owner, what was given is in one list, and nothing is left of who has gone. */
function auditDoings(words: Uint32Array, layout: Layout, sessions: Shelf): void {
  const doings = table(words, layout.doings);
  const ids = table(words, layout.ids);
  const accounts = table(words, layout.accounts);
  const owned = [
    ...[...sessions.live].map((session) => sessions.get(session, OWNED)),
    ...[...accounts.live].map((account) => accounts.get(account, 3)),
  ].flatMap((first) => walk(doings, first, 3));
  assert.deepEqual(owned.toSorted(byNumber), [...doings.live].toSorted(byNumber));
  const given = owned.filter((doing) => doings.get(doing, 5) === 1);
  const listed = given.flatMap((list) => {
    const own = walk(ids, doings.get(list, 6), 4);
    assert.equal(own.length, doings.get(list, 4), 'ids in a list');
    return own;
  });
  listed.push(...walk(ids, words[GARBAGE] ?? 0, 4));
  assert.deepEqual(listed.toSorted(byNumber), [...ids.live].toSorted(byNumber));
}

function auditOpen(words: Uint32Array, layout: Layout): void {
  const held = shelf(words, layout.held, { stride: HELD_WORDS, link: HELD_LINK });
  const counts = table(words, layout.counts);
  const tally = new Map<number, number>();
  for (let worker = 0; worker < MOST_WORKERS; worker += 1) {
    for (const one of walk(held, words[FIRST_HELD + worker] ?? 0, 2)) {
      assert.equal(held.get(one, 0), worker);
      tally.set(held.get(one, 3), (tally.get(held.get(one, 3)) ?? 0) + 1);
    }
  }
  for (const count of counts.live) assert.equal(counts.get(count, 3), tally.get(count), 'open under one rule');
  assert.equal(tally.size, counts.live.size);
}

function auditNonces(words: Uint32Array, layout: Layout): void {
  const keys = table(words, layout.keys);
  const nonces = table(words, layout.nonces);
  const listed = [...keys.live].flatMap((key) => {
    const own = walk(nonces, keys.get(key, 4), 3);
    assert.equal(own.length, keys.get(key, 3), 'nonces of a key');
    return own;
  });
  assert.deepEqual(listed.toSorted(byNumber), [...nonces.live].toSorted(byNumber));
}

/** Every slot ever given out is free or live, and the count says so. */
function shelf(words: Uint32Array, at: number, { stride, link }: { stride: number; link: number }): Shelf {
  const get = (slot: number, field: number): number => words[at + SLAB_HEAD + (slot - 1) * stride + field] ?? 0;
  const [free = 0, top = 0, live = 0] = words.subarray(at, at + 3);
  const slots = new Set(Array.from({ length: top }, (_, index) => index + 1));
  for (let slot = free; slot !== 0; slot = get(slot, link)) assert.ok(slots.delete(slot), 'a slot that is free twice');
  assert.equal(slots.size, live);
  return { live: slots, get };
}

/** Every live record is in one chain. */
function table(words: Uint32Array, { at, stride, chains }: TableAt): Shelf {
  const records = shelf(words, at + chains, { stride, link: 2 });
  const chained: number[] = [];
  for (const first of words.subarray(at, at + chains)) chained.push(...walk(records, first, 2));
  assert.deepEqual(chained.toSorted(byNumber), [...records.live].toSorted(byNumber));
  return records;
}

function walk(records: Shelf, first: number, next: number): number[] {
  const found = new Set<number>();
  for (let slot = first; slot !== 0; slot = records.get(slot, next)) {
    assert.ok(records.live.has(slot), 'a link to what is live');
    assert.ok(!found.has(slot), 'a chain that ends');
    found.add(slot);
  }
  return [...found];
}

const byNumber = (a: number, b: number): number => a - b;
