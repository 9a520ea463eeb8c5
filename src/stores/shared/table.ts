import { SLAB_HEAD, SharedSlab } from './slab.ts';
import type { Words } from './words.ts';

/** The first words of every record; what follows is the caller's. */
const HIGH = 0;
const LOW = 1;
const CHAIN = 2;
export const TABLE_KEY = 3;

/** Bounds of a table and where it lies. */
export interface TableAt {
  readonly at: number;
  /** Words of a record, {@link TABLE_KEY} of them ours. */
  readonly stride: number;
  readonly capacity: number;
  /** A power of two. */
  readonly chains: number;
}

export const chainsFor = (capacity: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, capacity)));

/** Words that a table takes. */
export const tableWords = ({ stride, capacity, chains }: Omit<TableAt, 'at'>): number =>
  chains + SLAB_HEAD + stride * capacity;

/** Records by a key of 64 bits that nobody outside can choose. */
export class Table {
  readonly records: SharedSlab;
  readonly #words: Words;
  readonly #chains: number;
  readonly #mask: number;
  #hand = 0;

  constructor(words: Words, { at, stride, capacity, chains }: TableAt) {
    this.records = new SharedSlab(words, at + chains, { stride, link: CHAIN, capacity });
    this.#words = words;
    this.#chains = at;
    this.#mask = chains - 1;
  }

  /** Records that can be added yet. */
  get room(): number {
    return this.records.capacity - this.records.live;
  }

  /** The slot; 0 where there is none. */
  find(high: number, low: number): number {
    let slot = this.#words.get(this.#chainOf(high, low));
    while (slot !== 0 && (this.records.get(slot, LOW) !== low || this.records.get(slot, HIGH) !== high))
      slot = this.records.get(slot, CHAIN);
    return slot;
  }

  /** A zeroed record of this key, before all others of it; 0 when the table is full. */
  add(high: number, low: number): number {
    const slot = this.records.take();
    if (slot !== 0) this.#put(slot, high, low);
    return slot;
  }

  remove(slot: number): void {
    this.#cut(slot);
    this.records.release(slot);
  }

  /** The record goes on under another key, with all else that is in it. */
  rename(slot: number, high: number, low: number): void {
    this.#cut(slot);
    this.#put(slot, high, low);
  }

  /** The next stop of a hand that goes round all slots, each thread's by itself; 0 before the first record. Free ones have no key. */
  next(): number {
    if (this.records.top === 0) return 0;
    this.#hand = (this.#hand % this.records.top) + 1;
    return this.#hand;
  }

  #put(slot: number, high: number, low: number): void {
    const chain = this.#chainOf(high, low);
    this.records.set(slot, HIGH, high);
    this.records.set(slot, LOW, low);
    this.records.set(slot, CHAIN, this.#words.get(chain));
    this.#words.set(chain, slot);
  }

  #cut(slot: number): void {
    const chain = this.#chainOf(this.records.get(slot, HIGH), this.records.get(slot, LOW));
    let before = this.#words.get(chain);
    if (before === slot) {
      this.#words.set(chain, this.records.get(slot, CHAIN));
      return;
    }
    while (before !== 0 && this.records.get(before, CHAIN) !== slot) before = this.records.get(before, CHAIN);
    if (before !== 0) this.records.set(before, CHAIN, this.records.get(slot, CHAIN));
  }

  #chainOf(high: number, low: number): number {
    const mixed = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d) ^ low;
    return this.#chains + ((mixed ^ (mixed >>> 13)) & this.#mask);
  }
}
