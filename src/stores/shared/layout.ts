import { ENTRY_WORDS } from '../memory/windows.ts';
import { SLAB_HEAD } from './slab.ts';
import { chainsFor, type TableAt, tableWords } from './table.ts';

/** Words at the front, by what stands there. The lock has a line to itself. */
export const LOCK = 0;
export const JOURNAL_LENGTH = 16;
export const RISK = 17;
export const LOOK_AGAIN = 18;
/** Sessions that have been told apart so far. */
export const SERIAL = 19;
export const MOST_OF_A_PREFIX = 20;
/** First of the served ids whose session is gone. */
export const GARBAGE = 21;
export const LATEST = 22;
export const ELAPSED = 24;
export const REVOKED_UNKNOWN_UNTIL = 26;
/** Four words. */
export const SECRET = 28;
export const CHECKED_AT = 32;
export const CHECKED_ELAPSED = 34;
/** Of each worker: whether its state is open. Then of each: its first open request. */
export const OPEN_WORKERS = 36;
export const MOST_WORKERS = 256;
export const FIRST_HELD = OPEN_WORKERS + MOST_WORKERS;
const FRONT = FIRST_HELD + MOST_WORKERS;

/** A session's record: what the memory store has of it, then what its doings are kept by. */
export const SESSION_STRIDE = 15;
export const PAYER_HIGH = 12;
export const PAYER_LOW = 13;
export const OWNED = 14;

/** How many there can be at a time. */
export interface SharedBounds {
  readonly entries: number;
  readonly sessions: number;
  readonly entriesPerSession: number;
  readonly sessionIdle: number;
  readonly revocations: number;
  readonly grants: number;
  readonly keys: number;
  readonly keyNonces: number;
  readonly keyNoncesOfAll: number;
  readonly remade: number;
  readonly accounts: number;
  readonly buckets: number;
  readonly open: number;
  readonly doings: number;
  readonly ids: number;
}

/** Where everything lies, in words: the same in every thread, since it follows from the bounds alone. */
export interface Layout {
  readonly journal: number;
  readonly journalWords: number;
  readonly windows: number;
  readonly sessions: number;
  readonly prefixesByCount: number;
  readonly held: number;
  readonly prefixes: TableAt;
  readonly buckets: TableAt;
  readonly counts: TableAt;
  readonly doings: TableAt;
  readonly ids: TableAt;
  readonly keys: TableAt;
  readonly nonces: TableAt;
  readonly grants: TableAt;
  readonly revocations: TableAt;
  readonly remade: TableAt;
  readonly accounts: TableAt;
  readonly words: number;
}

const LINE = 16;
/** What one step changes at most, apart from the windows of the sessions that go in it. */
const STEP = 1 << 14;
/** Words of a record that is open: worker, previous, next, slot of its count. */
export const HELD_WORDS = 4;

export function layoutOf(bounds: SharedBounds): Layout {
  let end = FRONT;
  const take = (words: number): number => {
    const at = Math.ceil(end / LINE) * LINE;
    end = at + words;
    return at;
  };
  const table = (stride: number, capacity: number): TableAt => {
    const shape = { stride, capacity, chains: chainsFor(capacity) };
    return { ...shape, at: take(tableWords(shape)) };
  };
  const { entries, sessions, entriesPerSession } = bounds;
  const journalWords = 2 * (STEP + 2 * LINE * entriesPerSession);
  const journal = take(journalWords);
  const places = {
    windows: take(SLAB_HEAD + ENTRY_WORDS * entries),
    sessions: take(SLAB_HEAD + SESSION_STRIDE * sessions),
    prefixesByCount: take(sessions + 1),
    held: take(SLAB_HEAD + HELD_WORDS * bounds.open),
    prefixes: table(8, sessions),
    buckets: table(6, bounds.buckets),
    counts: table(4, bounds.open),
    doings: table(8, bounds.doings),
    ids: table(5, bounds.ids),
    keys: table(10, bounds.keys),
    nonces: table(6, bounds.keyNoncesOfAll),
    grants: table(14, bounds.grants),
    revocations: table(8, bounds.revocations),
    remade: table(4, bounds.remade),
    accounts: table(4, bounds.accounts),
  };
  return { journal, journalWords, ...places, words: end };
}
