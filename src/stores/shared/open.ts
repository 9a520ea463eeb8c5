import type { Payer } from '../memory/payer.ts';
import type { Raised } from '../memory/open-counts.ts';
import { FIRST_HELD } from './layout.ts';
import { keyBy, type Names } from './names.ts';
import type { Payers } from './payers.ts';
import type { SharedSlab } from './slab.ts';
import type { Table } from './table.ts';
import type { Words } from './words.ts';

const COUNT = 3;
const WORKER = 0;
const PREVIOUS = 1;
export const HELD_LINK = 2;
const NEXT = HELD_LINK;
const COUNTED = 3;
/** One request may be open under as many rules. */
const AT_ONCE = 64;

/** Requests that are open, by rule and payer, and which worker has them: what it had is open no more when it has died. */
export class OpenRequests {
  readonly #words: Words;
  readonly #counts: Table;
  readonly #held: SharedSlab;

  constructor(words: Words, counts: Table, held: SharedSlab) {
    this.#words = words;
    this.#counts = counts;
    this.#held = held;
  }

  get hasRoom(): boolean {
    return this.#counts.records.capacity - this.#held.live > AT_ONCE;
  }

  countOf(high: number, low: number): number {
    const slot = this.#counts.find(high, low);
    return slot === 0 ? 0 : this.#counts.records.get(slot, COUNT);
  }

  /** Returns what {@link lower} wants. */
  raise(high: number, low: number, worker: number): number {
    const count = this.#counts.find(high, low) || this.#counts.add(high, low);
    const held = this.#held.take();
    this.#counts.records.set(count, COUNT, this.#counts.records.get(count, COUNT) + 1);
    const first = this.#words.get(FIRST_HELD + worker);
    this.#held.set(held, WORKER, worker);
    this.#held.set(held, NEXT, first);
    this.#held.set(held, COUNTED, count);
    this.#held.set(first, PREVIOUS, held);
    this.#words.set(FIRST_HELD + worker, held);
    return held;
  }

  lower(held: number): void {
    const [previous, next] = [this.#held.get(held, PREVIOUS), this.#held.get(held, NEXT)];
    if (previous === 0) this.#words.set(FIRST_HELD + this.#held.get(held, WORKER), next);
    else this.#held.set(previous, NEXT, next);
    this.#held.set(next, PREVIOUS, previous);
    const count = this.#held.get(held, COUNTED);
    const left = this.#counts.records.get(count, COUNT) - 1;
    if (left > 0) this.#counts.records.set(count, COUNT, left);
    else this.#counts.remove(count);
    this.#held.release(held);
  }

  /** What this worker has open, one of it; false where there is none. */
  lowerOneOf(worker: number): boolean {
    const held = this.#words.get(FIRST_HELD + worker);
    if (held !== 0) this.lower(held);
    return held !== 0;
  }
}

const NOTHING: Raised = Object.freeze({ lower() {} });

/** The open requests of one rule. */
export class SharedCounts {
  readonly #open: OpenRequests;
  readonly #payers: Payers;
  readonly #names: Names;
  readonly #rule: string;
  readonly #worker: number;

  constructor(
    open: OpenRequests,
    payers: Payers,
    names: Names,
    rule: { readonly name: string; readonly worker: number },
  ) {
    this.#open = open;
    this.#payers = payers;
    this.#names = names;
    this.#rule = rule.name;
    this.#worker = rule.worker;
  }

  /** Where there is room for nobody, more than any rule allows. */
  of(payer: Payer): number {
    const name = this.#payers.nameOf(payer);
    if (name === null || !this.#open.hasRoom) return Number.POSITIVE_INFINITY;
    const { high, low } = keyBy(this.#names.of(this.#rule), name);
    return this.#open.countOf(high, low);
  }

  raise(payer: Payer): Raised {
    const name = this.#payers.nameOf(payer);
    if (name === null) return NOTHING;
    const { high, low } = keyBy(this.#names.of(this.#rule), name);
    const held = this.#open.raise(high, low, this.#worker);
    return { lower: () => this.#open.lower(held) };
  }
}
