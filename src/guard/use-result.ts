import type { ConcurrentRule, LimitRule, UseResult } from './use.ts';

/** Milliseconds by which sums of intervals may be off. */
export const ROUNDING = 0.001;

/** Notes that a limit has no room for this long, in milliseconds. */
export function refuseBy(used: UseResult, rule: LimitRule | ConcurrentRule, wait: number): void {
  used.refusedBy = rule;
  used.retryAfter = Math.max(1, Math.ceil(wait / 1000));
}

/**
 * Keeps what the limit with the fewest requests left says. `debt`: milliseconds until its bucket is full; `interval`: what one
 * request takes of it.
 */
export function noteLimit(used: UseResult, rule: LimitRule, debt: number, interval = rule.interval): void {
  const left = Math.max(0, Math.floor((rule.depth - debt) / interval + ROUNDING));
  if (used.tightest !== null && used.left <= left) return;
  used.tightest = rule;
  used.left = left;
  used.fullIn = Math.ceil(debt / 1000);
}
