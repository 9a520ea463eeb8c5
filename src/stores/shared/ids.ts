import type { Doings } from './doings.ts';
import { GARBAGE } from './layout.ts';
import type { Name } from './names.ts';
import type { Table } from './table.ts';
import type { Words } from './words.ts';

const PREVIOUS = 3;
const NEXT = 4;
/** Ids of ended sessions that are taken away at a time: a step under the lock stays short. */
const AT_A_TIME = 64;
/** Stops of the hand where there is no room, and lists that it compares. */
const STOPS = 64;
const COMPARED = 8;

/** Ids by key, each in its session's list of one source, the oldest first. */
export class GivenIds {
  readonly #words: Words;
  readonly #table: Table;
  readonly #doings: () => Doings;

  constructor(words: Words, table: Table, doings: () => Doings) {
    this.#words = words;
    this.#table = table;
    this.#doings = doings;
  }

  find({ high, low }: Name): number {
    return this.#table.find(high, low);
  }

  /** In no list yet; 0 where there is no room, not even if others go that are not in this list. */
  make({ high, low }: Name, list: number): number {
    if (this.#table.room === 0) this.#makeRoom(list);
    return this.#table.add(high, low);
  }

  append(list: number, id: number): void {
    if (id === 0) return;
    const doings = this.#doings();
    const last = doings.last(list);
    this.#table.records.set(id, PREVIOUS, last);
    this.#table.records.set(id, NEXT, 0);
    if (last === 0) doings.setFirst(list, id);
    else this.#table.records.set(last, NEXT, id);
    doings.setLast(list, id);
    doings.setCount(list, doings.count(list) + 1);
  }

  cut(list: number, id: number): void {
    const doings = this.#doings();
    const { records } = this.#table;
    const [previous, next] = [records.get(id, PREVIOUS), records.get(id, NEXT)];
    if (previous === 0) doings.setFirst(list, next);
    else records.set(previous, NEXT, next);
    if (next === 0) doings.setLast(list, previous);
    else records.set(next, PREVIOUS, previous);
    doings.setCount(list, doings.count(list) - 1);
  }

  dropFirst(list: number): void {
    const id = this.#doings().first(list);
    if (id === 0) return;
    this.cut(list, id);
    this.#table.remove(id);
  }

  /** The list's session is gone: nobody asks for its ids any more, and they are taken away bit by bit. */
  drop(list: number): void {
    const doings = this.#doings();
    const [first, last] = [doings.first(list), doings.last(list)];
    if (first === 0) return;
    this.#table.records.set(last, NEXT, this.#words.get(GARBAGE));
    this.#words.set(GARBAGE, first);
  }

  /** A few of those whose session is gone. */
  collect(): void {
    for (let count = 0; count < AT_A_TIME; count += 1) {
      const id = this.#words.get(GARBAGE);
      if (id === 0) return;
      this.#words.set(GARBAGE, this.#table.records.get(id, NEXT));
      this.#table.remove(id);
    }
  }

  /** Takes the oldest ids of the longest list of a few that lie at the hand. */
  #makeRoom(but: number): void {
    const doings = this.#doings();
    let [longest, compared] = [0, 0];
    for (let stop = 0; stop < STOPS && compared < COMPARED; stop += 1) {
      const list = doings.nextIds();
      if (list === 0 || list === but) continue;
      compared += 1;
      if (longest === 0 || doings.count(list) > doings.count(longest)) longest = list;
    }
    if (longest === 0) return;
    for (let count = 0; count < AT_A_TIME && doings.first(longest) !== 0; count += 1) this.dropFirst(longest);
  }
}
