import type { SessionRef } from '../../guard/state.ts';
import { TICK, ticksOf } from './clock.ts';
import type { Prefixes } from './prefixes.ts';
import type { Records } from './slab.ts';

const ID_HIGH = 0;
const ID_LOW = 1;
const LAST_SEEN = 2;
const LAST_ENTRY = 3;
/** LAST_SEEN when the session was put where it is in its prefix's list. */
const LISTED = 4;
const PREFIX = 5;
const PREVIOUS = 6;
const NEXT = 7;
const FIRST_WINDOW = 8;
const LAST_WINDOW = 9;
/** Windows in the lower half, in the upper what recent entries weigh, in ticks, as of LAST_ENTRY. */
const ENTRIES = 10;
/** Bits of the clients as which pages of the session have entered. */
const CLIENTS = 11;
/** A record starts on a multiple of 16 bytes: its first four words share a cache line. */
export const SESSION_WORDS = 12;
export const SESSION_LINK = NEXT;

const HALF = 0xffff;
export const MOST_WINDOWS = HALF;
/** What entries may weigh: two minutes' worth. */
const MOST_WEIGHT = ticksOf(120_000);
/** Nobody is told to wait longer (DESIGN §10). */
const LONGEST_WAIT_SECONDS = 20;

/** Sessions looked at to find the idlest one: what bounds the work of one eviction. */
const LOOKS = 16;

/**
 * Sessions by slot. Each stands in its network prefix's list, oldest listing first. A commit only notes the time;
 * the list is put in order when somebody has to go, so that the hot path touches one record.
 */
export class Sessions {
  readonly #slab: Records;
  readonly #prefixes: Pick<Prefixes, keyof Prefixes>;
  #hand = 0;

  /** Of records of {@link SESSION_WORDS} words or more, of which the first are ours. */
  constructor(slab: Records, prefixes: Pick<Prefixes, keyof Prefixes>) {
    this.#slab = slab;
    this.#prefixes = prefixes;
  }

  get live(): number {
    return this.#slab.live;
  }

  get bytes(): number {
    return this.#slab.bytes + this.#prefixes.bytes;
  }

  get prefixes(): number {
    return this.#prefixes.size;
  }

  get full(): boolean {
    return this.#slab.live >= this.#slab.capacity;
  }

  /** The slot, if this very session still lies there; else 0. */
  find(place: number, idHigh: number, idLow: number): number {
    const words = this.#slab.words(place);
    const base = this.#slab.base(place);
    if (words === undefined || words[base + ID_HIGH] !== idHigh || words[base + ID_LOW] !== idLow) return 0;
    return words[base + LAST_SEEN] === 0 ? 0 : place;
  }

  /** Only while not {@link full}. `now` in ticks. */
  add(idHigh: number, idLow: number, prefix: string, now: number): number {
    const slot = this.#slab.take();
    this.#slab.set(slot, ID_HIGH, idHigh);
    this.#slab.set(slot, ID_LOW, idLow);
    this.#slab.set(slot, LAST_SEEN, now);
    this.#slab.set(slot, PREFIX, this.#prefixes.join(prefix));
    this.#append(slot);
    return slot;
  }

  /** Its windows must be gone already. */
  remove(slot: number): void {
    this.#unlist(slot);
    this.#prefixes.leave(this.#slab.get(slot, PREFIX));
    this.#slab.release(slot);
  }

  touch(slot: number, now: number): void {
    this.#slab.set(slot, LAST_SEEN, now);
  }

  /** Pays for one more entry and returns 0, or pays nothing and returns the seconds to wait (1–20). */
  pay(slot: number, now: number, perMinute: number): number {
    const entries = this.#slab.get(slot, ENTRIES);
    const weight =
      Math.max(0, (entries >>> 16) - (now - this.lastEntry(slot))) + Math.floor(ticksOf(60_000) / perMinute);
    const excess = weight - MOST_WEIGHT;
    if (!(excess <= 0)) return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil((excess * TICK) / 1000)));
    this.#slab.set(slot, ENTRIES, weight * (HALF + 1) + (entries & HALF));
    return 0;
  }

  noteEntry(slot: number, now: number, client: number): void {
    this.#slab.set(slot, LAST_SEEN, now);
    this.#slab.set(slot, LAST_ENTRY, now);
    this.#slab.set(slot, CLIENTS, this.#slab.get(slot, CLIENTS) | client);
  }

  hasEnteredAs(slot: number, client: number): boolean {
    return (this.#slab.get(slot, CLIENTS) & client) !== 0;
  }

  lastEntry(slot: number): number {
    return this.#slab.get(slot, LAST_ENTRY);
  }

  lastSeen(slot: number): number {
    return this.#slab.get(slot, LAST_SEEN);
  }

  ref(slot: number): SessionRef {
    return { place: slot, idHigh: this.#slab.get(slot, ID_HIGH), idLow: this.#slab.get(slot, ID_LOW) };
  }

  firstWindow(slot: number): number {
    return this.#slab.get(slot, FIRST_WINDOW);
  }

  windowCount(slot: number): number {
    return this.#slab.get(slot, ENTRIES) & HALF;
  }

  /** Notes a new last window; returns the one before it, 0 for none. */
  pushWindow(slot: number, window: number): number {
    const last = this.#slab.get(slot, LAST_WINDOW);
    if (last === 0) this.#slab.set(slot, FIRST_WINDOW, window);
    this.#slab.set(slot, LAST_WINDOW, window);
    this.#slab.set(slot, ENTRIES, this.#slab.get(slot, ENTRIES) + 1);
    return last;
  }

  /** Notes that the first window is gone and `next` follows it, 0 for none. */
  shiftWindow(slot: number, next: number): void {
    this.#slab.set(slot, FIRST_WINDOW, next);
    if (next === 0) this.#slab.set(slot, LAST_WINDOW, 0);
    this.#slab.set(slot, ENTRIES, this.#slab.get(slot, ENTRIES) - 1);
  }

  /**
   * Who has to go: of the network prefix with the most sessions the one idle for longest, as far as {@link LOOKS}
   * of those listed first can tell; sessions seen since they were listed move to the end on the way.
   */
  idlest(): number {
    const prefix = this.#prefixes.largest;
    let idlest = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      const slot = this.#prefixes.head(prefix);
      if (slot === 0) break;
      const seen = this.#slab.get(slot, LAST_SEEN);
      if (idlest === 0 || seen < this.#slab.get(idlest, LAST_SEEN)) idlest = slot;
      if (seen === this.#slab.get(slot, LISTED)) break;
      this.#unlist(slot);
      this.#append(slot);
    }
    return idlest;
  }

  /** Of the same prefix, one of the longest listed that has a window; 0 when {@link LOOKS} of them have none. */
  idlestWithWindow(): number {
    let slot = this.#prefixes.head(this.#prefixes.largest);
    for (let look = 0; look < LOOKS && slot !== 0; look += 1) {
      if (this.firstWindow(slot) !== 0) return slot;
      slot = this.#slab.get(slot, NEXT);
    }
    return 0;
  }

  /** Next stop of a hand that goes round all sessions: a slot last seen before `limit` (ticks), or 0. */
  sweep(limit: number): number {
    if (this.#slab.top === 0) return 0;
    this.#hand = (this.#hand % this.#slab.top) + 1;
    const seen = this.#slab.get(this.#hand, LAST_SEEN);
    return seen !== 0 && seen < limit ? this.#hand : 0;
  }

  #append(slot: number): void {
    const prefix = this.#slab.get(slot, PREFIX);
    const last = this.#prefixes.tail(prefix);
    this.#slab.set(slot, LISTED, this.#slab.get(slot, LAST_SEEN));
    this.#slab.set(slot, PREVIOUS, last);
    this.#slab.set(slot, NEXT, 0);
    if (last === 0) this.#prefixes.setHead(prefix, slot);
    else this.#slab.set(last, NEXT, slot);
    this.#prefixes.setTail(prefix, slot);
  }

  #unlist(slot: number): void {
    const prefix = this.#slab.get(slot, PREFIX);
    const previous = this.#slab.get(slot, PREVIOUS);
    const next = this.#slab.get(slot, NEXT);
    if (previous === 0) this.#prefixes.setHead(prefix, next);
    else this.#slab.set(previous, NEXT, next);
    if (next === 0) this.#prefixes.setTail(prefix, previous);
    else this.#slab.set(next, PREVIOUS, previous);
  }
}
