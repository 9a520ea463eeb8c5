import { addToPeak, PEAK } from './peak.ts';

/** What one session did, route by route, in 20 bytes a route. */
export interface SessionProfile {
  /** Of its name: {@link hashOf}. */
  readonly hash: number;
  readonly prefix: string;
  readonly calls: number;
  readonly failures: number;
  /** For each route: {@link ROUTE}, one after another. */
  readonly routes: Uint32Array;
}

/** Places in {@link SessionProfile.routes}. */
export const ROUTE = { number: 0, firstCall: 1, firstDone: 2, calls: 3, peak: 4, size: 5 } as const;
/** For what never came about. */
export const NEVER = 0xffffffff;

/** One call of a session. */
export interface Call {
  readonly session: string;
  readonly prefix: string;
  readonly time: number;
  readonly status: number;
  /** Number of its route. */
  readonly route: number;
}

/** Collects sessions in bounded memory: beyond, an even share of them by name. */
export interface SessionBook {
  add(call: Call): void;
  /** All that were kept. To be called once, at the end. */
  end(): Sessions;
}

export interface Sessions {
  readonly profiles: readonly SessionProfile[];
  /** One in so many sessions was kept. */
  readonly oneIn: number;
}

interface OpenSession {
  readonly prefix: string;
  calls: number;
  failures: number;
  last: number;
  /** For each route: {@link OPEN}, one after another. Small numbers in one list, since there are many thousands of these. */
  readonly words: number[];
}

/** Places in {@link OpenSession.words}; what never came about is -1. */
const OPEN = { number: 0, firstCall: 1, firstDone: 2, calls: 3, peak: 4, size: 4 + PEAK.size } as const;

const MOST_OPEN = 20_000;
const MOST_KEPT = 100_000;
const MOST_ROUTES = 96;
const BLOCK = 64 * 1024;
/** How often ended sessions are looked for: calls. */
const SWEEP = 20_000;

/** @param pause milliseconds without a call after which a session has ended */
export function createSessionBook(pause = 12 * 3600_000): SessionBook {
  const open = new Map<string, OpenSession>();
  let kept: SessionProfile[] = [];
  let oneIn = 1;
  const pack = createPacker();

  const keep = (name: string, session: OpenSession): void => {
    const hash = hashOf(name);
    if (hash % oneIn !== 0) return;
    kept.push(pack(hash, session));
    if (kept.length <= MOST_KEPT) return;
    oneIn *= 2;
    kept = kept.filter((one) => one.hash % oneIn === 0);
  };
  const close = (name: string, session: OpenSession): void => {
    open.delete(name);
    keep(name, session);
  };
  const sweep = (now: number): void => {
    for (const [name, session] of open) if (now - session.last > pause) close(name, session);
  };
  let calls = 0;
  const sessionOf = ({ session: name, prefix, time }: Call): OpenSession => {
    const known = open.get(name);
    if (known !== undefined && time - known.last <= pause) return known;
    if (known !== undefined) close(name, known);
    const [oldest] = open;
    if (open.size >= MOST_OPEN && oldest !== undefined) close(...oldest);
    const made: OpenSession = { prefix, calls: 0, failures: 0, last: time, words: [] };
    open.set(name, made);
    return made;
  };

  return {
    add(call) {
      calls += 1;
      if (calls % SWEEP === 0) sweep(call.time);
      const session = sessionOf(call);
      session.calls += 1;
      session.last = Math.max(session.last, call.time);
      const isDone = call.status < 400;
      if (!isDone) session.failures += 1;
      const { words } = session;
      const at = routeIn(words, call.route, session.calls);
      if (at < 0) return;
      if (isDone && words[at + OPEN.firstDone] === -1) words[at + OPEN.firstDone] = session.calls;
      words[at + OPEN.calls] = (words[at + OPEN.calls] ?? 0) + 1;
      addToPeak(words, at + OPEN.peak, call.time);
    },
    end() {
      for (const [name, session] of open) keep(name, session);
      open.clear();
      return { profiles: kept, oneIn };
    },
  };
}

const NO_PEAK: readonly number[] = Object.freeze(new Array(PEAK.size).fill(0));

/** Where a route stands, which is put there at its first call; -1 where there are too many. */
function routeIn(words: number[], route: number, calls: number): number {
  let at = 0;
  while (at < words.length && words[at + OPEN.number] !== route) at += OPEN.size;
  if (at >= MOST_ROUTES * OPEN.size) return -1;
  if (at === words.length) words.push(route, calls, -1, 0, ...NO_PEAK);
  return at;
}

/** Places before the routes of a packed session. */
const PACKED = { size: 0, hash: 1, calls: 2, failures: 3, routes: 4 } as const;

/** A session in a block: there are many thousands, and a list of each own would cost more than what is in it. */
class PackedSession implements SessionProfile {
  readonly prefix: string;
  readonly #block: Uint32Array;
  readonly #at: number;

  constructor(prefix: string, block: Uint32Array, at: number) {
    this.prefix = prefix;
    this.#block = block;
    this.#at = at;
  }

  get hash(): number {
    return this.#block[this.#at + PACKED.hash] ?? 0;
  }

  get calls(): number {
    return this.#block[this.#at + PACKED.calls] ?? 0;
  }

  get failures(): number {
    return this.#block[this.#at + PACKED.failures] ?? 0;
  }

  get routes(): Uint32Array {
    const from = this.#at + PACKED.routes;
    return this.#block.subarray(from, from + (this.#block[this.#at + PACKED.size] ?? 0));
  }
}

function createPacker(): (hash: number, session: OpenSession) => SessionProfile {
  let block = new Uint32Array(0);
  let used = 0;
  return (hash, { prefix, calls, failures, words }) => {
    const size = (words.length / OPEN.size) * ROUTE.size;
    if (used + PACKED.routes + size > block.length) [block, used] = [new Uint32Array(BLOCK), 0];
    const at = used;
    used += PACKED.routes + size;
    block.set([size, hash, calls, failures], at);
    for (let from = 0, to = at + PACKED.routes; from < words.length; from += OPEN.size, to += ROUTE.size) {
      for (let place = 0; place < ROUTE.size; place++) block[to + place] = words[from + place] ?? 0;
    }
    return new PackedSession(prefix, block, at);
  };
}

/** FNV-1a, to choose evenly. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
