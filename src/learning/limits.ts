import { ROUTE, type SessionProfile } from './sessions.ts';
import { quantile } from './statistics.ts';

/** How often sessions called a route within a minute, and what is proposed of it. */
export interface LearnedLimit {
  /** Calls a minute and session. */
  readonly perMinute: number;
  /** What 85 of 100 sessions stay within, and the same with the uncertainty of so few sessions. */
  readonly usual: number;
  readonly upper: number;
  /** Sessions that it rests on, weighed. */
  readonly support: number;
}

/** The quantile that is looked at, and the share beyond which nothing is believed: a tenth of the sessions may be abuse. */
const AT = 0.85;
const BELIEVED = 0.88;
const FEWEST_SESSIONS = 30;
/** What people do at times is more than what most do mostly. */
const HEADROOM = 4;
const LEAST_MORE = 20;

/**
 * A limit for each route with enough sessions: four times what most sessions come to, at least twenty more. Of the busiest
 * eighth nothing is learned, so that abuse does not raise it.
 */
export function learnLimits(
  profiles: readonly SessionProfile[],
  weights: Float64Array,
): ReadonlyMap<number, LearnedLimit> {
  // By value: there are few, however many sessions there are.
  const peaks = new Map<number, Map<number, number>>();
  for (const [index, { routes }] of profiles.entries()) {
    for (let at = 0; at < routes.length; at += ROUTE.size) {
      const route = routes[at + ROUTE.number] ?? 0;
      const known = peaks.get(route) ?? new Map<number, number>();
      const value = routes[at + ROUTE.peak] ?? 0;
      known.set(value, (known.get(value) ?? 0) + (weights[index] ?? 1));
      peaks.set(route, known);
    }
  }
  const limits = new Map<number, LearnedLimit>();
  for (const [route, byValue] of peaks) {
    const values = [...byValue].map(([value, weight]) => ({ value, weight }));
    const { value: usual, upper, support } = quantile(values, AT, BELIEVED);
    if (support < FEWEST_SESSIONS) continue;
    const perMinute = rounded(Math.max(HEADROOM * upper, upper + LEAST_MORE));
    limits.set(route, { perMinute, usual, upper, support });
  }
  return limits;
}

/** Up, to two digits: nobody wants to read 137. */
function rounded(number: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(number)) - 1);
  return Math.ceil(number / unit) * unit;
}
