import type { Belongings, Bequest } from '../memory/belongings.ts';
import type { Payer } from '../memory/payer.ts';
import { keyBy, keyOf, type Name } from './names.ts';
import type { Payers } from './payers.ts';
import type { Table } from './table.ts';
import type { Words } from './words.ts';

const NEXT = 3;
/** How often, how many; 0 is nothing. */
const COUNT = 4;
const KIND = 5;
/** A time, or two numbers. */
const VALUE = 6;

/** Of these the two numbers are the first and the last of a list of ids. */
const IDS = 1;
/** A list is never taken for a step, whatever the two are called. */
const LIST: Name = { high: 1, low: 1 };

/** What a session or an account has done and been given. It is kept for as long as its owner is, and goes with it. */
export class Doings implements Belongings {
  readonly #words: Words;
  readonly #table: Table;
  readonly #payers: Payers;
  readonly #dropIds: (doing: number) => void;

  constructor(words: Words, table: Table, payers: Payers, dropIds: (doing: number) => void) {
    this.#words = words;
    this.#table = table;
    this.#payers = payers;
    this.#dropIds = dropIds;
  }

  /** Whether something can be done that has not been done before. An eighth is kept for what {@link make} must not refuse. */
  get hasRoom(): boolean {
    return this.#table.room > this.#table.records.capacity / 8;
  }

  find(what: Name, payer: Payer): number {
    const by = this.#payers.nameOf(payer);
    return by === null ? 0 : this.at(keyBy(what, by));
  }

  /** Made where it is not there yet; 0 where nobody lives who could have it, or there is no room. */
  make(what: Name, payer: Payer, { holdsIds = false, urgent = false } = {}): number {
    const by = this.#payers.nameOf(payer);
    if (by === null) return 0;
    const { high, low } = holdsIds ? keyOf(keyBy(what, by), LIST) : keyBy(what, by);
    const known = this.#table.find(high, low);
    if (known !== 0) return known;
    const owned = urgent || this.hasRoom ? this.#payers.ownedAt(payer, true) : 0;
    if (owned === 0) return 0;
    const doing = this.#table.add(high, low);
    if (doing === 0) return 0;
    const { records } = this.#table;
    records.set(doing, KIND, holdsIds ? IDS : 0);
    records.set(doing, NEXT, this.#words.get(owned));
    this.#words.set(owned, doing);
    return doing;
  }

  /** By which it is found again whoever has it then; {@link at}. */
  keyOf(doing: number): Name {
    return { high: this.#table.records.get(doing, 0), low: this.#table.records.get(doing, 1) };
  }

  at({ high, low }: Name): number {
    return this.#table.find(high, low);
  }

  count(doing: number): number {
    return this.#table.records.get(doing, COUNT);
  }

  setCount(doing: number, count: number): void {
    this.#table.records.set(doing, COUNT, count);
  }

  time(doing: number): number {
    return this.#table.records.float(doing, VALUE);
  }

  setTime(doing: number, time: number): void {
    this.#table.records.setFloat(doing, VALUE, time);
  }

  first(doing: number): number {
    return this.#table.records.get(doing, VALUE);
  }

  last(doing: number): number {
    return this.#table.records.get(doing, VALUE + 1);
  }

  setFirst(doing: number, id: number): void {
    this.#table.records.set(doing, VALUE, id);
  }

  setLast(doing: number, id: number): void {
    this.#table.records.set(doing, VALUE + 1, id);
  }

  /** The next list of ids at the stop of a hand that goes round all of them; 0 where there is none at this stop. */
  nextIds(): number {
    const doing = this.#table.next();
    return this.#table.records.get(doing, KIND) === IDS && this.count(doing) > 0 ? doing : 0;
  }

  /** All that begins at this word. */
  dropAll(owned: number): void {
    let doing = this.#words.get(owned);
    this.#words.set(owned, 0);
    while (doing !== 0) {
      const next = this.#table.records.get(doing, NEXT);
      if (this.#table.records.get(doing, KIND) === IDS) this.#dropIds(doing);
      this.#table.records.set(doing, KIND, 0);
      this.#table.remove(doing);
      doing = next;
    }
  }

  forget(session: Payer): void {
    const owned = this.#payers.ownedAt(session, false);
    if (owned !== 0) this.dropAll(owned);
  }

  /** The successor goes by the same name: what is counted by it goes on, its limits among them. */
  bequeath(session: Payer): Bequest {
    const name = this.#payers.nameOf(session);
    const from = this.#payers.ownedAt(session, false);
    if (name === null || from === 0) return () => {};
    const doings = this.#words.get(from);
    this.#words.set(from, 0);
    return (successor) => {
      const owned = this.#payers.ownedAt(successor, false);
      if (owned === 0) return;
      this.dropAll(owned);
      this.#words.set(owned, doings);
      this.#payers.rename(successor, name);
    };
  }
}
