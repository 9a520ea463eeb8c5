import type { EndReason } from '../../guard/state.ts';
import { BoundedMap } from './bounded-map.ts';

interface Revocation {
  readonly until: number;
  readonly reason: EndReason;
}

/**
 * Sessions ended before their cookies and tickets were. They lie apart from the sessions, so that no eviction can
 * bring one back. Times are the wall clock's, as the cookies' are: a clock set back makes them last longer.
 */
export class Revocations {
  readonly #until: BoundedMap<Revocation>;
  #unknownUntil = 0;

  constructor(capacity: number) {
    this.#until = new BoundedMap(capacity);
  }

  get size(): number {
    return this.#until.size;
  }

  add(idHigh: number, idLow: number, until: number, reason: EndReason): void {
    const id = toKey(idHigh, idLow);
    const lost = this.#until.set(id, { until: Math.max(until, this.#until.get(id)?.until ?? 0), reason });
    if (lost !== undefined) this.#unknownUntil = Math.max(this.#unknownUntil, lost.until);
  }

  reasonOf(idHigh: number, idLow: number, now: number): EndReason | '' {
    const found = this.#until.get(toKey(idHigh, idLow));
    return found !== undefined && found.until > now ? found.reason : '';
  }

  has(idHigh: number, idLow: number, now: number): boolean {
    return (this.#until.get(toKey(idHigh, idLow))?.until ?? 0) > now;
  }

  /**
   * Whether an id that nobody knows may have been revoked: certainly so if it stands here, possibly so while a
   * revocation that had to make room would still hold.
   */
  mayHave(idHigh: number, idLow: number, now: number): boolean {
    return this.#unknownUntil > now || this.has(idHigh, idLow, now);
  }
}

export function toKey(idHigh: number, idLow: number): string {
  return `${idHigh}.${idLow}`;
}
