/** The span of the limits: "a minute" in {@link Mints.take}. */
const SPAN = 60_000;

/** No new visitor is told to wait longer (DESIGN §10). */
const LONGEST_WAIT_SECONDS = 20;

/** More prefixes than this pay for mints in a minute at no setting: what bounds the table. */
export const MOST_A_MINUTE = 2 ** 18;

/**
 * Limits on new sessions, per network prefix and in total: each a bucket that holds a minute's worth and refills in
 * a minute (the generic cell rate algorithm: one number a bucket, the time at which it will be full again). A debt is
 * over after a minute, so two generations of a minute each hold all of them, and the older one is dropped whole.
 */
export class Mints {
  #current = new Map<string, number>();
  #previous = new Map<string, number>();
  #since = 0;
  #total = 0;

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  /** Takes one mint and returns 0, or takes nothing and returns the seconds to wait (1–20). `now`: steady time. */
  take(now: number, prefix: string, perMinute: number, perMinuteTotal: number): number {
    this.#turn(now);
    const paid = this.#current.get(prefix) ?? this.#previous.get(prefix) ?? 0;
    const own = fullAgain(paid, now, perMinute);
    const all = fullAgain(this.#total, now, Math.min(perMinuteTotal, MOST_A_MINUTE));
    const wait = waitFor(Math.max(own, all), now);
    if (wait > 0) return wait;
    this.#current.set(prefix, own);
    this.#total = all;
    return 0;
  }

  #turn(now: number): void {
    if (now - this.#since < SPAN) return;
    this.#previous = now - this.#since < 2 * SPAN ? this.#current : new Map();
    this.#current = new Map();
    this.#since = now;
  }
}

/** Seconds (1–20) until a bucket that would be full at this time may be taken of; 0 for at once. */
export function waitFor(fullAt: number, now: number): number {
  const excess = fullAt - now - SPAN;
  return excess <= 0.5 ? 0 : Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil(excess / 1000)));
}

/** When the bucket is full again if one more is taken; a limit of 0 or less never is. */
export function fullAgain(paid: number, now: number, perMinute: number): number {
  return perMinute > 0 ? Math.max(paid, now) + SPAN / perMinute : Number.POSITIVE_INFINITY;
}
