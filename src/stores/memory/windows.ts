import type { Claims } from '../../guard/state.ts';
import type { Records } from './slab.ts';
import { isTaken, lookAtCounter, takeCounter, WINDOW_WORDS, type WindowAnswer } from './window.ts';

const ID_HIGH = 0;
const ID_LOW = 1;
const EXPIRES = 2;
const SESSION = 3;
/** The session's next younger window. */
const NEXT = 4;
/** When the window's session was last looked at. */
const LOOKED = 5;
const WINDOW = 6;
export const ENTRY_WORDS = WINDOW + WINDOW_WORDS;
export const ENTRY_LINK = NEXT;

/** A counter of a window, and which window it is. */
type WindowClaim = Pick<Claims, 'windowPlace' | 'windowIdHigh' | 'windowIdLow' | 'nonce' | 'repeatable'>;

/** Windows by slot: one per entry, 160 bytes. Each belongs to a session and is in its chain, oldest first. */
export class Windows {
  readonly #slab: Records;
  #hand = 0;

  /** Of records of {@link ENTRY_WORDS} words. */
  constructor(slab: Records) {
    this.#slab = slab;
  }

  get live(): number {
    return this.#slab.live;
  }

  get capacity(): number {
    return this.#slab.capacity;
  }

  get bytes(): number {
    return this.#slab.bytes;
  }

  get full(): boolean {
    return this.#slab.live >= this.#slab.capacity;
  }

  /** Session that owns this very window while it lives, else 0. `now` in ticks. */
  owner(place: number, idHigh: number, idLow: number, now: number): number {
    const words = this.#slab.words(place);
    const base = this.#slab.base(place);
    if (words === undefined || words[base + ID_HIGH] !== idHigh || words[base + ID_LOW] !== idLow) return 0;
    return (words[base + EXPIRES] ?? 0) > now ? (words[base + SESSION] ?? 0) : 0;
  }

  looked(place: number): number {
    return this.#slab.get(place, LOOKED);
  }

  setLooked(place: number, now: number): void {
    this.#slab.set(place, LOOKED, now);
  }

  /**
   * Uses the counter that is claimed, where its window lives and its session was looked at after `again` (ticks): what nearly
   * all calls come to, with the record found once. Null for all others, which are to be asked for one thing after the other.
   */
  takeQuickly(claims: WindowClaim, now: number, again: number): WindowAnswer | null {
    const place = claims.windowPlace;
    const words = this.#slab.words(place);
    const base = this.#slab.base(place);
    if (words === undefined || words[base + ID_HIGH] !== claims.windowIdHigh) return null;
    if (words[base + ID_LOW] !== claims.windowIdLow || words[base + SESSION] === 0) return null;
    if ((words[base + EXPIRES] ?? 0) <= now || (words[base + LOOKED] ?? 0) <= again) return null;
    this.#slab.risk(place, EXPIRES);
    return takeCounter(words, base + WINDOW, claims.nonce, claims.repeatable);
  }

  /** Uses a counter of a window that lives. */
  take(place: number, counter: number, repeatable: boolean): WindowAnswer {
    const words = this.#slab.words(place);
    if (words === undefined) return 'stale-nonce';
    this.#slab.risk(place, EXPIRES);
    return takeCounter(words, this.#slab.base(place) + WINDOW, counter, repeatable);
  }

  /** What {@link take} would say; changes nothing. */
  look(place: number, counter: number): WindowAnswer {
    const words = this.#slab.words(place);
    if (words === undefined) return 'stale-nonce';
    return lookAtCounter(words, this.#slab.base(place) + WINDOW, counter);
  }

  isTaken(place: number, counter: number): boolean {
    const words = this.#slab.words(place);
    return words !== undefined && isTaken(words, this.#slab.base(place) + WINDOW, counter);
  }

  /** Only while not {@link full}. `expires` in ticks. */
  add(idHigh: number, idLow: number, session: number, expires: number): number {
    const slot = this.#slab.take();
    this.#slab.set(slot, ID_HIGH, idHigh);
    this.#slab.set(slot, ID_LOW, idLow);
    this.#slab.set(slot, SESSION, session);
    this.#slab.set(slot, EXPIRES, expires);
    return slot;
  }

  remove(slot: number): void {
    this.#slab.release(slot);
  }

  next(slot: number): number {
    return this.#slab.get(slot, NEXT);
  }

  setNext(slot: number, next: number): void {
    this.#slab.set(slot, NEXT, next);
  }

  expired(slot: number, now: number): boolean {
    return this.#slab.get(slot, EXPIRES) <= now;
  }

  /** Session of the slot at the next stop of a hand that goes round all windows; 0 where the slot is free. */
  sweep(): number {
    if (this.#slab.top === 0) return 0;
    this.#hand = (this.#hand % this.#slab.top) + 1;
    return this.#slab.get(this.#hand, SESSION);
  }
}
