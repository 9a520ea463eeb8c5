import { MOST_OF_A_PREFIX } from './layout.ts';
import type { Names } from './names.ts';
import type { Table } from './table.ts';
import type { Words } from './words.ts';

const COUNT = 3;
const HEAD = 4;
const TAIL = 5;
const UP = 6;
const DOWN = 7;

/** Which network prefix has how many sessions, as in memory/prefixes.ts; by name of 64 bits. */
export class SharedPrefixes {
  readonly #words: Words;
  readonly #table: Table;
  readonly #names: Names;
  readonly #byCount: number;

  /** `byCount`: a word for each number of sessions, and one more. */
  constructor(words: Words, table: Table, names: Names, byCount: number) {
    this.#words = words;
    this.#table = table;
    this.#names = names;
    this.#byCount = byCount;
  }

  get size(): number {
    return this.#table.records.live;
  }

  get bytes(): number {
    return this.#table.records.bytes;
  }

  /** A prefix that has the most sessions; 0 when there are none. */
  get largest(): number {
    return this.#first(this.#words.get(MOST_OF_A_PREFIX));
  }

  /** Counts one more session; returns the prefix's slot. There is a slot for every session. */
  join(prefix: string): number {
    const { high, low } = this.#names.of(prefix);
    const slot = this.#table.find(high, low) || this.#table.add(high, low);
    this.#recount(slot, 1);
    return slot;
  }

  /** Counts one session less; a prefix without any is forgotten. */
  leave(slot: number): void {
    this.#recount(slot, -1);
    if (this.#table.records.get(slot, COUNT) === 0) this.#table.remove(slot);
  }

  head(slot: number): number {
    return this.#table.records.get(slot, HEAD);
  }

  setHead(slot: number, session: number): void {
    this.#table.records.set(slot, HEAD, session);
  }

  tail(slot: number): number {
    return this.#table.records.get(slot, TAIL);
  }

  setTail(slot: number, session: number): void {
    this.#table.records.set(slot, TAIL, session);
  }

  #first(count: number): number {
    return count === 0 ? 0 : this.#words.get(this.#byCount + count);
  }

  #recount(slot: number, change: number): void {
    const before = this.#table.records.get(slot, COUNT);
    const count = before + change;
    if (before > 0) this.#unlist(slot, before);
    this.#table.records.set(slot, COUNT, count);
    if (count > 0) this.#list(slot, count);
    const most = this.#words.get(MOST_OF_A_PREFIX);
    if (count > most || this.#first(most) === 0) this.#words.set(MOST_OF_A_PREFIX, count);
  }

  #list(slot: number, count: number): void {
    const next = this.#first(count);
    this.#table.records.set(slot, UP, 0);
    this.#table.records.set(slot, DOWN, next);
    this.#table.records.set(next, UP, slot);
    this.#words.set(this.#byCount + count, slot);
  }

  #unlist(slot: number, count: number): void {
    const { records } = this.#table;
    const [up, down] = [records.get(slot, UP), records.get(slot, DOWN)];
    if (up === 0) this.#words.set(this.#byCount + count, down);
    else records.set(up, DOWN, down);
    records.set(down, UP, up);
  }
}
