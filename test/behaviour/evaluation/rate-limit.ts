import type { MadeSession } from '../app/people.ts';

/** The simple rule that the model is judged against: so many calls a minute by each session, as many at once. */

/** The first call that a limit would refuse, counted from 1; 0 where it would refuse none (the generic cell rate algorithm). */
export function firstRefused({ calls }: MadeSession, perMinute: number): number {
  const interval = 60 / perMinute;
  let due = Number.NEGATIVE_INFINITY;
  for (const [index, { at }] of calls.entries()) {
    if (due - at > 60 - interval + 1e-9) return index + 1;
    due = Math.max(due, at) + interval;
  }
  return 0;
}

/** The least rate a minute that would refuse the session nothing: what a limit alone can tell of it. */
export function leastRate(session: MadeSession): number {
  let [low, high] = [0, 1];
  while (firstRefused(session, high) > 0) high *= 2;
  while (high - low > 0.01 * high) {
    const middle = (low + high) / 2;
    if (firstRefused(session, middle) > 0) low = middle;
    else high = middle;
  }
  return high;
}
