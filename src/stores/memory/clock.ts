/** Milliseconds in one tick of the tables: 32 bits of them last thirteen years. */
export const TICK = 100;

/** How far a time may lie behind an earlier one and still count as a late request, in milliseconds. */
export const LATE = 60_000;

/**
 * Time that never runs backwards, made from wall-clock times that may. A time slightly behind the latest belongs to
 * a request that was held up: time stands still for it. One further behind means that somebody set the clock back:
 * time goes on from there, so that neither do windows live longer nor do limits stop refilling.
 */
export class SteadyClock {
  #latest = Number.NaN;
  #elapsed = 0;

  /** Milliseconds since the first reading. */
  read(now: number): number {
    if (now >= this.#latest) this.#elapsed += now - this.#latest;
    else if (this.#latest - now <= LATE) return this.#elapsed;
    this.#latest = now;
    return this.#elapsed;
  }

  /** The latest reading. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** The latest wall-clock time seen; NaN before the first. */
  get latest(): number {
    return this.#latest;
  }
}

/** Ticks of a reading, from 1 on: 0 means "never" in the tables. */
export function toTicks(milliseconds: number): number {
  return Math.floor(milliseconds / TICK) + 1;
}

/** Ticks that cover a duration. */
export function ticksOf(milliseconds: number): number {
  return Math.ceil(milliseconds / TICK);
}
