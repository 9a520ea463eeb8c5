import type { SessionId } from '../guard/behaviour.ts';

/**
 * One record a session, in one buffer: nothing is allocated for a call, and a full table forgets whoever was idle for longest.
 * Fields are numbers at fixed places; features.ts says what is made of them.
 */

/** Calls of which the path is remembered, for the transition model. */
export const PATH_LENGTH = 48;
/** Stages of a session at which it is compared with others that came so far: after 8, 16, 32 … calls. */
export const STAGES = 6;
export const FIRST_STAGE_CALLS = 8;
/** Bytes of one snapshot: one for each feature. */
export const SNAPSHOT_BYTES = 18;
/** Bits by which distinct addresses are counted, and routes, of which there are as many at most. */
export const ADDRESS_BITS = 256;

/** Places of doubles. */
export const D = { first: 0, last: 1, peakFrom: 2, since: 3, loadsAt: 4 } as const;
const DOUBLES = 5;

/** Places of whole numbers, after the doubles. */
export const U = {
  idHigh: 0,
  idLow: 1,
  next: 2,
  older: 3,
  younger: 4,
  prefix: 5,
  load: 6,
  target: 7,
  number: 8,
  calls: 9,
  refused: 10,
  answered: 11,
  failed: 12,
  writes: 13,
  repeats: 14,
  steps: 15,
  same: 16,
  peakNow: 17,
  peak: 18,
  flags: 19,
  moments: 20,
  forged: 21,
  presses: 22,
  instant: 23,
  pauses: 24,
  gaps: 25,
} as const;
const WORDS = 26;

/** Places of single floats, after those. */
export const F = {
  gapMean: 0,
  gapSquares: 1,
  surprise: 2,
  stray: 3,
  worst: 4,
  raw: 5,
  odds: 6,
  loads: 7,
  pauseSquares: 8,
} as const;
const FLOATS = 9;

/** Places of bytes, after those. */
export const B = {
  stages: 0,
  route: 1,
  reasons: 2,
  path: 8,
  /** Bits, of each address that was asked for, and of each route. */
  addresses: 8 + PATH_LENGTH,
  routes: 8 + PATH_LENGTH + ADDRESS_BITS / 8,
  snapshots: 8 + PATH_LENGTH + (2 * ADDRESS_BITS) / 8,
} as const;
const BYTES = B.snapshots + STAGES * SNAPSHOT_BYTES;

/** What `flags` says. */
export const FLAG = {
  refused: 1,
  acted: 2,
  taught: 4,
  queued: 8,
  counted: 16,
  over: 32,
  firstAction: 64,
  voted: 2048,
} as const;

const STRIDE = Math.ceil((DOUBLES * 8 + WORDS * 4 + FLOATS * 4 + BYTES) / 8) * 8;
/** Of one session, its place in the index and in the list of the idle included. */
export const SESSION_BYTES = STRIDE + 8;

const NONE = 0xffffffff;

export class SessionTable {
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
  readonly capacity: number;
  #size = 0;
  readonly #heads: Uint32Array;
  readonly #mask: number;
  #oldest = NONE;
  #youngest = NONE;
  #free = NONE;
  #unused = 0;

  /** @param capacity sessions held at most */
  constructor(capacity: number) {
    this.capacity = capacity;
    const buffer = new ArrayBuffer(capacity * STRIDE);
    this.doubles = new Float64Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    const heads = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#heads = new Uint32Array(heads).fill(NONE);
    this.#mask = heads - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Index into {@link doubles} of a field of a slot; the same for the others. */
  d(slot: number, field: number): number {
    return slot * (STRIDE / 8) + field;
  }
  u(slot: number, field: number): number {
    return slot * (STRIDE / 4) + DOUBLES * 2 + field;
  }
  f(slot: number, field: number): number {
    return slot * (STRIDE / 4) + DOUBLES * 2 + WORDS + field;
  }
  b(slot: number, field: number): number {
    return slot * STRIDE + DOUBLES * 8 + (WORDS + FLOATS) * 4 + field;
  }

  /** Its slot; -1 where it is not known. */
  find({ sessionIdHigh, sessionIdLow }: SessionId): number {
    let slot = this.#heads[this.#bucket(sessionIdHigh, sessionIdLow)] as number;
    while (slot !== NONE) {
      const at = this.u(slot, 0);
      if (this.words[at + U.idLow] === sessionIdLow && this.words[at + U.idHigh] === sessionIdHigh) return slot;
      slot = this.words[at + U.next] as number;
    }
    return -1;
  }

  /** The slot that is idle for longest; -1 where there is none. */
  get oldest(): number {
    return this.#oldest === NONE ? -1 : this.#oldest;
  }

  get isFull(): boolean {
    return this.#size === this.capacity;
  }

  /** A slot of zeros for a session that has none. The table must not be full: whoever asks removes the oldest first. */
  add({ sessionIdHigh, sessionIdLow }: SessionId): number {
    const slot = this.#free === NONE ? this.#unused++ : this.#free;
    if (slot === this.#free) this.#free = this.words[this.u(slot, U.next)] as number;
    this.bytes.fill(0, slot * STRIDE, (slot + 1) * STRIDE);
    const at = this.u(slot, 0);
    const bucket = this.#bucket(sessionIdHigh, sessionIdLow);
    this.words[at + U.idHigh] = sessionIdHigh;
    this.words[at + U.idLow] = sessionIdLow;
    this.words[at + U.next] = this.#heads[bucket] as number;
    this.#heads[bucket] = slot;
    this.#append(slot);
    this.#size += 1;
    return slot;
  }

  /** Now the youngest. */
  touch(slot: number): void {
    if (slot === this.#youngest) return;
    this.#unlink(slot);
    this.#append(slot);
  }

  remove(slot: number): void {
    const at = this.u(slot, 0);
    const bucket = this.#bucket(this.words[at + U.idHigh] as number, this.words[at + U.idLow] as number);
    const next = this.words[at + U.next] as number;
    let before = this.#heads[bucket] as number;
    if (before === slot) this.#heads[bucket] = next;
    else {
      while (this.words[this.u(before, U.next)] !== slot) before = this.words[this.u(before, U.next)] as number;
      this.words[this.u(before, U.next)] = next;
    }
    this.#unlink(slot);
    this.words[at + U.next] = this.#free;
    this.#free = slot;
    this.#size -= 1;
  }

  /** Zeros everything but what says whose record it is, and where it stands. */
  clear(slot: number): void {
    const at = this.u(slot, 0);
    const [high, low, next] = [this.words[at], this.words[at + 1], this.words[at + U.next]] as [number, number, number];
    const [older, younger] = [this.words[at + U.older], this.words[at + U.younger]] as [number, number];
    this.bytes.fill(0, slot * STRIDE, (slot + 1) * STRIDE);
    this.words.set([high, low, next, older, younger], at);
  }

  #bucket(high: number, low: number): number {
    return ((Math.imul(high, 0x85ebca6b) ^ Math.imul(low, 0x9e3779b1)) >>> 7) & this.#mask;
  }

  #append(slot: number): void {
    const at = this.u(slot, 0);
    this.words[at + U.older] = this.#youngest;
    this.words[at + U.younger] = NONE;
    if (this.#youngest === NONE) this.#oldest = slot;
    else this.words[this.u(this.#youngest, U.younger)] = slot;
    this.#youngest = slot;
  }

  #unlink(slot: number): void {
    const at = this.u(slot, 0);
    const [older, younger] = [this.words[at + U.older], this.words[at + U.younger]] as [number, number];
    if (older === NONE) this.#oldest = younger;
    else this.words[this.u(older, U.younger)] = younger;
    if (younger === NONE) this.#youngest = older;
    else this.words[this.u(younger, U.older)] = older;
  }
}
