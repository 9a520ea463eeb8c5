import { LATE } from '../memory/clock.ts';
import { ELAPSED, LATEST } from './layout.ts';
import type { Words } from './words.ts';

/** The one time of all threads, as memory/clock.ts keeps it: it never runs backwards. */
export class SharedClock {
  readonly #words: Words;

  constructor(words: Words) {
    this.#words = words;
  }

  /** Milliseconds since the first reading of whichever thread. */
  read(now: number): number {
    const latest = this.latest;
    if (now === latest) return this.elapsed;
    if (now < latest && latest - now <= LATE) return this.elapsed;
    const elapsed = now > latest ? this.elapsed + (now - latest) : this.elapsed;
    this.#words.setTime(LATEST, now);
    this.#words.setTime(ELAPSED, elapsed);
    return elapsed;
  }

  get elapsed(): number {
    return this.#words.float(ELAPSED);
  }

  get latest(): number {
    return this.#words.float(LATEST);
  }
}
