import type { Payer } from '../memory/payer.ts';
import { keyBy, type Name, type Names } from './names.ts';
import type { Payers } from './payers.ts';
import type { Table } from './table.ts';

const FULL_AT = 4;
/** Looked at for each new bucket, and taken away where they are full again: more than one, so that room is found first. */
const STOPS = 4;
/** Kept free for those that share a bucket because there is no room for their own. */
const SPARE = 4096;
const SHARED = 1024;
/** One request may need as many at once. */
const AT_ONCE = 64;

/** Buckets of all limits: the steady time at which each is full again. One that is full is not kept. */
export class Cells {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Whether whoever is not here yet could be. */
  get hasRoom(): boolean {
    return this.#table.room > AT_ONCE;
  }

  get isCrowded(): boolean {
    return this.#table.room <= Math.min(SPARE, this.#table.records.capacity / 2);
  }

  has({ high, low }: Name): boolean {
    return this.#table.find(high, low) !== 0;
  }

  /** In the past for whoever is not here. */
  fullAt({ high, low }: Name): number {
    const slot = this.#table.find(high, low);
    return slot === 0 ? 0 : this.#table.records.float(slot, FULL_AT);
  }

  set({ high, low }: Name, fullAt: number, now: number): void {
    let slot = this.#table.find(high, low);
    if (slot === 0) {
      this.sweep(now);
      slot = this.#table.add(high, low);
    }
    if (slot !== 0) this.#table.records.setFloat(slot, FULL_AT, fullAt);
  }

  sweep(now: number): void {
    for (let stop = 0; stop < STOPS; stop += 1) {
      const slot = this.#table.next();
      const fullAt = slot === 0 ? 0 : this.#table.records.float(slot, FULL_AT);
      if (fullAt === 0 || fullAt > now) continue;
      this.#table.records.setFloat(slot, FULL_AT, 0);
      this.#table.remove(slot);
    }
  }
}

/** The buckets of one limit. */
export class SharedBuckets {
  readonly #cells: Cells;
  readonly #payers: Payers;
  readonly #names: Names;
  readonly #rule: Name;
  #now = 0;
  #span: number;

  constructor(cells: Cells, payers: Payers, names: Names, limit: { readonly name: string; readonly span: number }) {
    this.#cells = cells;
    this.#payers = payers;
    this.#names = names;
    this.#rule = names.of(limit.name);
    this.#span = limit.span;
  }

  keep(span: number): void {
    if (span > this.#span) this.#span = span;
  }

  /** Where there is room for nobody, an empty bucket. */
  fullAt(payer: Payer, now: number): number {
    this.#now = now;
    const key = this.#keyOf(payer);
    if (key === null) return now + this.#span;
    const fullAt = this.#cells.fullAt(key);
    return fullAt === 0 && !this.#cells.hasRoom ? now + this.#span : fullAt;
  }

  /** Whoever goes on under another number goes by the same name. */
  move(): void {}

  /** After {@link fullAt} at the same moment. */
  set(payer: Payer, fullAt: number): void {
    const key = this.#keyOf(payer);
    if (key !== null) this.#cells.set(key, fullAt, this.#now);
  }

  #keyOf(payer: Payer): Name | null {
    const name = this.#payers.nameOf(payer);
    if (name === null) return null;
    const own = keyBy(this.#rule, name);
    if (!this.#cells.isCrowded || this.#cells.has(own)) return own;
    // Beyond, those that are new share a few buckets: nobody gains by being many.
    return keyBy(this.#rule, this.#names.of(`shared ${name.low % SHARED}`));
  }
}
