/** One call of a session that is watched. */
export interface Call {
  /** The session's public label. */
  readonly session: string;
  readonly prefix: string;
  readonly route: string;
}

/** What came of one change, counted by networks. */
export interface Harm {
  /** Whether this call, now that it passes, mends anything. */
  mends(session: string, route: string): boolean;
  passed(call: Call): void;
  refused(layer: string, call: Call): void;
  of(layer: string): { readonly hurt: number; readonly seen: number };
}

/** A page enters again and repeats a call by itself: what passes then was no harm. */
const REFUSALS = 2;
const MOST_NETWORKS = 20_000;
const MOST_CALLS = 20_000;

interface Failing {
  count: number;
  readonly layer: string;
  readonly prefix: string;
}

/**
 * Bounded: beyond 20,000 networks no more are taken in, and of calls that fail the oldest are forgotten.
 *
 * @param active networks that were seen shortly before: whoever is the first to be refused is not yet all there are
 */
export function createHarm(active: Iterable<string> = []): Harm {
  const seen = new Set<string>(active);
  const failing = new Map<string, Failing>();
  /** By layer: networks, and the call that says so. */
  const hurt = new Map<string, Map<string, string>>();
  const keyOf = (session: string, route: string): string => `${session} ${route}`;

  const see = (prefix: string): boolean => {
    if (seen.has(prefix)) return true;
    if (seen.size >= MOST_NETWORKS) return false;
    seen.add(prefix);
    return true;
  };

  return {
    mends: (session, route) => failing.size > 0 && failing.has(keyOf(session, route)),
    passed({ session, prefix, route }) {
      see(prefix);
      const key = keyOf(session, route);
      const found = failing.get(key);
      if (found === undefined) return;
      failing.delete(key);
      const networks = hurt.get(found.layer);
      if (networks?.get(found.prefix) === key) networks.delete(found.prefix);
    },
    refused(layer, { session, prefix, route }) {
      if (!see(prefix)) return;
      const key = keyOf(session, route);
      const before = failing.get(key);
      const now = before?.layer === layer ? before : { count: 0, layer, prefix };
      now.count++;
      failing.delete(key);
      failing.set(key, now);
      for (const [oldest] of failing) {
        if (failing.size <= MOST_CALLS) break;
        failing.delete(oldest);
      }
      if (now.count < REFUSALS) return;
      const networks = hurt.get(layer) ?? new Map<string, string>();
      hurt.set(layer, networks);
      if (!networks.has(now.prefix)) networks.set(now.prefix, key);
    },
    of: (layer) => ({ hurt: hurt.get(layer)?.size ?? 0, seen: seen.size }),
  };
}
