import { Table, type TableAt } from './table.ts';
import type { Words } from './words.ts';

/** In the head of the records, behind what is theirs. */
const TURN = 3;

/** A table that holds the latest keys: a new one takes the place of the oldest. */
export class Ring {
  readonly records: Table['records'];
  readonly #table: Table;
  readonly #words: Words;
  /** The record that had to go last: they were given out in order, and go in order. */
  readonly #turn: number;
  readonly #lost: (slot: number) => void;

  /** `lost` is called with a record before it has to go. */
  constructor(words: Words, at: TableAt, lost: (slot: number) => void = () => {}) {
    this.#table = new Table(words, at);
    this.records = this.#table.records;
    this.#words = words;
    this.#turn = at.at + at.chains + TURN;
    this.#lost = lost;
  }

  /** The slot; 0 where there is none. */
  find(high: number, low: number): number {
    return this.#table.find(high, low);
  }

  /** A zeroed record for a key that is not there. */
  put(high: number, low: number): number {
    if (this.#table.room > 0) return this.#table.add(high, low);
    const oldest = (this.#words.get(this.#turn) % this.records.capacity) + 1;
    this.#words.set(this.#turn, oldest);
    this.#lost(oldest);
    this.#table.remove(oldest);
    return this.#table.add(high, low);
  }

  remove(slot: number): void {
    this.#table.remove(slot);
  }
}
