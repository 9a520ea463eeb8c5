import { type Monotonic, type Times, tellTime } from '../memory/clock.ts';
import { CHECKED_AT, CHECKED_ELAPSED, ELAPSED, LATEST } from './layout.ts';
import type { Words } from './words.ts';

/** The one time of all threads, as memory/clock.ts keeps it. */
export class SharedClock implements Times {
  readonly #words: Words;
  readonly #monotonic: Monotonic;

  /** `monotonic`: the same in all threads. */
  constructor(words: Words, monotonic: Monotonic) {
    this.#words = words;
    this.#monotonic = monotonic;
  }

  /** Milliseconds since the first reading of whichever thread. */
  read(now: number): number {
    if (now !== this.latest) tellTime(this, now, this.#monotonic);
    return this.elapsed;
  }

  get latest(): number {
    return this.#words.float(LATEST);
  }

  set latest(time: number) {
    this.#words.setTime(LATEST, time);
  }

  get elapsed(): number {
    return this.#words.float(ELAPSED);
  }

  set elapsed(time: number) {
    this.#words.setTime(ELAPSED, time);
  }

  get checkedAt(): number {
    return this.#words.float(CHECKED_AT);
  }

  set checkedAt(time: number) {
    this.#words.setTime(CHECKED_AT, time);
  }

  get checkedElapsed(): number {
    return this.#words.float(CHECKED_ELAPSED);
  }

  set checkedElapsed(time: number) {
    this.#words.setTime(CHECKED_ELAPSED, time);
  }
}
