import { fullAgain, MOST_A_MINUTE, waitFor } from '../memory/mints.ts';
import type { Cells } from './buckets.ts';
import { keyBy, type Names } from './names.ts';

/** Limits on new sessions, per network prefix and in total. */
export class SharedMints {
  readonly #cells: Cells;
  readonly #names: Names;

  constructor(cells: Cells, names: Names) {
    this.#cells = cells;
    this.#names = names;
  }

  /** Takes one mint and returns 0, or takes nothing and returns the seconds to wait (1–20). `now`: steady time. */
  take(now: number, prefix: string, perMinute: number, perMinuteTotal: number): number {
    const total = this.#names.of('mints');
    const own = keyBy(this.#names.of('mints of'), this.#names.of(prefix));
    const ownFullAt = fullAgain(this.#cells.fullAt(own), now, perMinute);
    const allFullAt = fullAgain(this.#cells.fullAt(total), now, Math.min(perMinuteTotal, MOST_A_MINUTE));
    const fullAt = this.#cells.hasRoom ? Math.max(ownFullAt, allFullAt) : Number.POSITIVE_INFINITY;
    const wait = waitFor(fullAt, now);
    if (wait > 0) {
      this.#cells.sweep(now);
      return wait;
    }
    this.#cells.set(own, ownFullAt, now);
    this.#cells.set(total, allFullAt, now);
    return 0;
  }
}
