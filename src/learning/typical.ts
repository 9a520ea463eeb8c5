import type { LearnedLimit } from './limits.ts';
import { precedenceOf, usualPairs } from './order.ts';
import { NEVER, ROUTE, type SessionProfile } from './sessions.ts';

/** Why sessions are left out of what is learned. */
export type Untypical = 'too fast' | 'in no order' | 'mostly refused by the app';

/** What is left after sessions that do not use the app as the others do have been taken out. */
export interface TypicalSessions {
  /** As given, 0 for those that were taken out. */
  readonly weights: Float64Array;
  readonly left: ReadonlyMap<Untypical, number>;
  /** Hashes of the names of those that were taken out. */
  readonly hashes: ReadonlySet<number>;
}

/** What is not typical is a minority. More than this share, and it is how the app is used. */
const MOST_LEFT_OUT = 0.12;
/** Pairs that so many sessions keep are an order that most keep, whatever abuse there is. */
const USUAL = 0.75;

/**
 * Finds sessions that stand apart from the others as a whole: much faster than the learned limits, in none of the orders that
 * nearly everybody keeps, or mostly errors. One exception makes nobody untypical: people come by links and bookmarks.
 */
export function typicalSessions(
  profiles: readonly SessionProfile[],
  given: Float64Array,
  limits: ReadonlyMap<number, LearnedLimit>,
): TypicalSessions {
  const weights = Float64Array.from(given);
  const left = new Map<Untypical, number>();
  const hashes = new Set<number>();
  const leaveOut = (reason: Untypical, isSo: (profile: SessionProfile) => boolean): void => {
    const found = profiles.flatMap((profile, index) => (weights[index] !== 0 && isSo(profile) ? [index] : []));
    const weight = found.reduce((sum, index) => sum + (given[index] ?? 0), 0);
    const all = given.reduce((sum, one) => sum + one, 0);
    if (found.length === 0 || weight > MOST_LEFT_OUT * all) return;
    left.set(reason, found.length);
    for (const index of found) {
      weights[index] = 0;
      hashes.add(profiles[index]?.hash ?? 0);
    }
  };
  leaveOut('too fast', (profile) => isTooFast(profile, limits));
  leaveOut('mostly refused by the app', ({ calls, failures }) => failures >= 10 && failures > 0.5 * calls);
  leaveOut('in no order', inNoOrder(profiles, weights));
  return { weights, left, hashes };
}

function isTooFast({ routes }: SessionProfile, limits: ReadonlyMap<number, LearnedLimit>): boolean {
  for (let at = 0; at < routes.length; at += ROUTE.size) {
    const limit = limits.get(routes[at + ROUTE.number] ?? 0);
    if (limit !== undefined && (routes[at + ROUTE.peak] ?? 0) > limit.perMinute) return true;
  }
  return false;
}

/** Whoever comes by a link and looks around makes a few such calls, and then what everybody makes. */
const MOST_BY_LINK = 8;

/** Many calls, most of them to routes before which everybody else does something that this session never did. */
function inNoOrder(profiles: readonly SessionProfile[], weights: Float64Array): (profile: SessionProfile) => boolean {
  const before = new Map<number, number[]>();
  for (const { route, after } of usualPairs(precedenceOf(profiles, weights), USUAL)) {
    const known = before.get(route);
    if (known === undefined) before.set(route, [after]);
    else known.push(after);
  }
  return ({ calls, routes }) => {
    const done = new Map<number, number>();
    for (let at = 0; at < routes.length; at += ROUTE.size)
      done.set(routes[at + ROUTE.number] ?? 0, routes[at + ROUTE.firstDone] ?? NEVER);
    let out = 0;
    for (let at = 0; at < routes.length; at += ROUTE.size) {
      const steps = before.get(routes[at + ROUTE.number] ?? 0) ?? [];
      const missing = steps.filter((step) => (done.get(step) ?? NEVER) === NEVER).length;
      if (steps.length > 0 && missing > 0.5 * steps.length) out += routes[at + ROUTE.calls] ?? 0;
    }
    return out >= MOST_BY_LINK && out > 0.5 * calls;
  };
}
