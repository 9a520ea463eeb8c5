import type { Records } from '../memory/slab.ts';
import type { Words } from './words.ts';

/** Words before the first record. */
export const SLAB_HEAD = 16;
const FREE = 0;
const TOP = 1;
const LIVE = 2;
/** Words from the first on that a released record is known by: all have their ids there. */
const KNOWN_BY = 4;

/**
 * A bounded table of equal records in shared memory. Its room is set aside at the start; the system gives memory for it
 * as it is first written to.
 */
export class SharedSlab implements Records {
  readonly capacity: number;
  readonly #words: Words;
  readonly #stride: number;
  readonly #link: number;
  readonly #head: number;
  readonly #first: number;

  /** `stride` words a record, from `at` on; word `link` is ours while the record is free. */
  constructor(words: Words, at: number, record: { stride: number; link: number; capacity: number }) {
    this.capacity = record.capacity;
    this.#words = words;
    this.#stride = record.stride;
    this.#link = record.link;
    this.#head = at;
    this.#first = at + SLAB_HEAD;
  }

  get live(): number {
    return this.#words.get(this.#head + LIVE);
  }

  get top(): number {
    return this.#words.get(this.#head + TOP);
  }

  /** Of what has ever been used. */
  get bytes(): number {
    return this.top * this.#stride * 4;
  }

  words(slot: number): Uint32Array | undefined {
    return slot >= 1 && slot <= this.capacity ? this.#words.u32 : undefined;
  }

  base(slot: number): number {
    return this.#first + (slot - 1) * this.#stride;
  }

  get(slot: number, field: number): number {
    return slot >= 1 && slot <= this.capacity ? this.#words.get(this.base(slot) + field) : 0;
  }

  set(slot: number, field: number, value: number): void {
    if (slot >= 1 && slot <= this.capacity) this.#words.set(this.base(slot) + field, value);
  }

  /** `field`: an even one. */
  float(slot: number, field: number): number {
    return this.#words.float(this.base(slot) + field);
  }

  setFloat(slot: number, field: number, value: number): void {
    this.#words.setFloat(this.base(slot) + field, value);
  }

  risk(slot: number, field: number): void {
    this.#words.risk(this.base(slot) + field);
  }

  take(): number {
    const free = this.#words.get(this.#head + FREE);
    const slot = free === 0 ? this.top + 1 : free;
    if (slot > this.capacity) return 0;
    if (free === 0) this.#words.set(this.#head + TOP, slot);
    else this.#words.set(this.#head + FREE, this.get(free, this.#link));
    this.#words.set(this.#head + LIVE, this.live + 1);
    // One by one: it may have been somebody's until a moment ago, and be so again if this is taken back.
    for (let field = 0; field < this.#stride; field += 1) this.set(slot, field, 0);
    return slot;
  }

  release(slot: number): void {
    for (let field = 0; field < KNOWN_BY; field += 1) this.set(slot, field, 0);
    this.set(slot, this.#link, this.#words.get(this.#head + FREE));
    this.#words.set(this.#head + FREE, slot);
    this.#words.set(this.#head + LIVE, this.live - 1);
  }
}
