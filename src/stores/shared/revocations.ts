import type { EndReason } from '../../guard/state.ts';
import type { Remade } from '../memory/remade.ts';
import { REVOKED_UNKNOWN_UNTIL } from './layout.ts';
import type { Ring } from './ring.ts';
import type { Words } from './words.ts';

const REASON = 3;
const UNTIL = 4;
const REASONS: readonly EndReason[] = ['ended', 'login'];

/** Sessions ended before their cookies and tickets were. Times are the wall clock's, as the cookies' are. */
export class SharedRevocations {
  readonly #words: Words;
  readonly #ring: Ring;

  constructor(words: Words, ring: Ring) {
    this.#words = words;
    this.#ring = ring;
  }

  add(idHigh: number, idLow: number, until: number, reason: EndReason): void {
    const slot = this.#ring.find(idHigh, idLow) || this.#ring.put(idHigh, idLow);
    this.#ring.records.set(slot, REASON, REASONS.indexOf(reason));
    this.#ring.records.setFloat(slot, UNTIL, Math.max(until, this.#ring.records.float(slot, UNTIL)));
  }

  reasonOf(idHigh: number, idLow: number, now: number): EndReason | '' {
    const slot = this.#ring.find(idHigh, idLow);
    if (slot === 0 || this.#ring.records.float(slot, UNTIL) <= now) return '';
    return REASONS[this.#ring.records.get(slot, REASON)] ?? '';
  }

  has(idHigh: number, idLow: number, now: number): boolean {
    const slot = this.#ring.find(idHigh, idLow);
    return slot !== 0 && this.#ring.records.float(slot, UNTIL) > now;
  }

  /** Whether an id that nobody knows may have been revoked, by one that had to make room. */
  mayHave(idHigh: number, idLow: number, now: number): boolean {
    return this.#words.float(REVOKED_UNKNOWN_UNTIL) > now || this.has(idHigh, idLow, now);
  }

  /** Before its record goes. */
  lose(slot: number): void {
    const until = this.#ring.records.float(slot, UNTIL);
    if (until > this.#words.float(REVOKED_UNKNOWN_UNTIL)) this.#words.setFloat(REVOKED_UNKNOWN_UNTIL, until);
  }
}

const PLACE = 3;

export function sharedRemade(ring: Ring): Remade {
  return {
    get: (idHigh, idLow) => ring.records.get(ring.find(idHigh, idLow), PLACE),
    set: (idHigh, idLow, place) => {
      ring.records.set(ring.find(idHigh, idLow) || ring.put(idHigh, idLow), PLACE, place);
    },
  };
}
