import { Slab } from './slab.ts';

const COUNT = 0;
const HEAD = 1;
const TAIL = 2;
const UP = 3;
const DOWN = 4;
const WORDS = 5;

/**
 * Which network prefix has how many sessions. Prefixes of equal count form a list, so that a count going up or down
 * by one and finding the largest cost the same however many there are. HEAD and TAIL are the sessions' list of the
 * prefix (sessions.ts).
 */
export class Prefixes {
  readonly #slab: Slab;
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #byCount = new Map<number, number>();
  #most = 0;

  constructor(capacity: number) {
    this.#slab = new Slab(WORDS, UP, capacity);
  }

  get size(): number {
    return this.#slab.live;
  }

  get bytes(): number {
    return this.#slab.bytes;
  }

  /** A prefix that has the most sessions; 0 when there are none. */
  get largest(): number {
    return this.#byCount.get(this.#most) ?? 0;
  }

  /** Counts one more session; returns the prefix's slot. There is a slot for every session. */
  join(name: string): number {
    let slot = this.#slots.get(name) ?? 0;
    if (slot === 0) {
      slot = this.#slab.take();
      this.#slots.set(name, slot);
      this.#names[slot] = name;
    }
    this.#recount(slot, 1);
    return slot;
  }

  /** Counts one session less; a prefix without any is forgotten. */
  leave(slot: number): void {
    this.#recount(slot, -1);
    if (this.#slab.get(slot, COUNT) > 0) return;
    this.#slots.delete(this.#names[slot] ?? '');
    this.#names[slot] = '';
    this.#slab.release(slot);
  }

  head(slot: number): number {
    return this.#slab.get(slot, HEAD);
  }

  setHead(slot: number, session: number): void {
    this.#slab.set(slot, HEAD, session);
  }

  tail(slot: number): number {
    return this.#slab.get(slot, TAIL);
  }

  setTail(slot: number, session: number): void {
    this.#slab.set(slot, TAIL, session);
  }

  #recount(slot: number, change: number): void {
    const before = this.#slab.get(slot, COUNT);
    const count = before + change;
    if (before > 0) this.#unlist(slot, before);
    this.#slab.set(slot, COUNT, count);
    if (count > 0) this.#list(slot, count);
    if (count > this.#most || !this.#byCount.has(this.#most)) this.#most = count;
  }

  #list(slot: number, count: number): void {
    const next = this.#byCount.get(count) ?? 0;
    this.#slab.set(slot, UP, 0);
    this.#slab.set(slot, DOWN, next);
    if (next !== 0) this.#slab.set(next, UP, slot);
    this.#byCount.set(count, slot);
  }

  #unlist(slot: number, count: number): void {
    const up = this.#slab.get(slot, UP);
    const down = this.#slab.get(slot, DOWN);
    if (up !== 0) this.#slab.set(up, DOWN, down);
    else if (down !== 0) this.#byCount.set(count, down);
    else this.#byCount.delete(count);
    if (down !== 0) this.#slab.set(down, UP, up);
  }
}
