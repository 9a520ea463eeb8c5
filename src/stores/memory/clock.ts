/** Milliseconds in one tick of the tables: 32 bits of them last thirteen years. */
export const TICK = 100;

/** How far a time may lie behind an earlier one and still count as a late request, in milliseconds. */
export const LATE = 60_000;

/** Steps forward up to here are taken as they are, in milliseconds: no call asks for the real time while calls come. */
export const SURE = 1000;

/** Milliseconds that never jump; null where there is nothing but the times that callers say. */
export type Monotonic = (() => number) | null;

/** This machine's, the same in all threads. */
export const machineTime = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

/** Where a clock stands. */
export interface Times {
  /** The latest wall-clock time; NaN or 0 before the first. */
  latest: number;
  /** Milliseconds since the first reading. */
  elapsed: number;
  /** When it was last compared with {@link Monotonic}, and what had elapsed by then. 0 before the first reading. */
  checkedAt: number;
  checkedElapsed: number;
}

/**
 * Brings a clock to this wall-clock time. A time slightly behind the latest belongs to a request that was held up: time stands
 * still for it. One further behind means that somebody set the clock back: time goes on from there, so that neither do windows
 * live longer nor do limits stop refilling. Where it steps far, what has really passed counts: a clock that was set forward fills
 * no bucket and ends nobody's session.
 */
export function tellTime(times: Times, now: number, monotonic: Monotonic): void {
  const step = now - times.latest;
  if (step < 0 && step >= -LATE) return;
  times.latest = now;
  const isJump = step > SURE || step < 0 || Number.isNaN(step);
  if (!isJump || monotonic === null) {
    if (step > 0) times.elapsed += step;
    return;
  }
  const at = monotonic();
  const passed = times.checkedAt === 0 ? 0 : times.checkedElapsed + at - times.checkedAt - times.elapsed;
  if (passed > 0) times.elapsed += passed;
  times.checkedAt = at;
  times.checkedElapsed = times.elapsed;
}

/** Time that never runs backwards and never jumps, made from wall-clock times that may. */
export class SteadyClock implements Times {
  latest = Number.NaN;
  elapsed = 0;
  checkedAt = 0;
  checkedElapsed = 0;
  readonly #monotonic: Monotonic;

  constructor(monotonic: Monotonic) {
    this.#monotonic = monotonic;
  }

  /** Milliseconds since the first reading. */
  read(now: number): number {
    tellTime(this, now, this.#monotonic);
    return this.elapsed;
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
