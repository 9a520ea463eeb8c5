import { NEVER, ROUTE, type SessionProfile } from './sessions.ts';
import { wilsonLower } from './statistics.ts';

/** A route that is called only after another one has succeeded. */
export interface LearnedOrder {
  readonly route: number;
  readonly after: number;
  /** Sessions that called the route, and those that did the other before, weighed. */
  readonly sessions: number;
  readonly kept: number;
  /** Lower bound of their share: 95 % Wilson interval. */
  readonly lower: number;
}

/** How often each step came before each route, over some sessions. */
export interface Precedence {
  /** Sessions that called a route. */
  sessions(route: number): number;
  /** Sessions in which `step` had succeeded before `route` was first called. */
  kept(route: number, step: number): number;
  readonly routes: readonly number[];
}

/** Routes that are compared with each other: those with the most sessions. */
const MOST_ROUTES = 300;

export function precedenceOf(profiles: readonly SessionProfile[], weights: Float64Array): Precedence {
  const routes = commonRoutes(profiles, weights);
  const places = new Map(routes.map((route, place) => [route, place]));
  const size = routes.length;
  const sessions = new Float64Array(size);
  const kept = new Float64Array(size * size);
  for (const [index, { routes: words }] of profiles.entries()) {
    const weight = weights[index] ?? 1;
    if (weight === 0) continue;
    for (let b = 0; b < words.length; b += ROUTE.size) {
      const place = places.get(words[b + ROUTE.number] ?? 0);
      if (place === undefined) continue;
      sessions[place] = (sessions[place] ?? 0) + weight;
      const called = words[b + ROUTE.firstCall] ?? 0;
      for (let a = 0; a < words.length; a += ROUTE.size) {
        if ((words[a + ROUTE.firstDone] ?? NEVER) >= called) continue;
        const step = places.get(words[a + ROUTE.number] ?? 0);
        if (step !== undefined) kept[place * size + step] = (kept[place * size + step] ?? 0) + weight;
      }
    }
  }
  return {
    routes,
    sessions: (route) => sessions[places.get(route) ?? -1] ?? 0,
    kept: (route, step) => kept[(places.get(route) ?? -1) * size + (places.get(step) ?? 0)] ?? 0,
  };
}

function commonRoutes(profiles: readonly SessionProfile[], weights: Float64Array): number[] {
  const counts = new Map<number, number>();
  for (const [index, { routes }] of profiles.entries()) {
    for (let at = 0; at < routes.length; at += ROUTE.size) {
      const route = routes[at + ROUTE.number] ?? 0;
      counts.set(route, (counts.get(route) ?? 0) + (weights[index] ?? 1));
    }
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_ROUTES)
    .map(([route]) => route);
}

/** Pairs that most sessions keep: what is asked whether sessions keep any order at all. */
export function usualPairs(precedence: Precedence, share: number): readonly { route: number; after: number }[] {
  return precedence.routes.flatMap((route) => {
    const sessions = precedence.sessions(route);
    if (sessions < FEWEST_SESSIONS) return [];
    return precedence.routes
      .filter((step) => step !== route && precedence.kept(route, step) >= share * sessions)
      .map((after) => ({ route, after }));
  });
}

const FEWEST_SESSIONS = 30;
/** Of the sessions, with 95 % confidence. With no exception that takes 381 of them. */
const CONFIDENCE = 0.99;

/**
 * For each route the step that comes right before it, where one always does: of several that follow from each other the
 * last one, since whoever did that has done the others.
 */
export function learnOrder(precedence: Precedence): readonly LearnedOrder[] {
  const always = new Map<number, LearnedOrder[]>();
  for (const route of precedence.routes) {
    const sessions = precedence.sessions(route);
    const found = precedence.routes.flatMap((after): LearnedOrder[] => {
      if (after === route) return [];
      const kept = precedence.kept(route, after);
      const lower = wilsonLower(kept, sessions);
      return lower >= CONFIDENCE ? [{ route, after, sessions, kept, lower }] : [];
    });
    if (found.length > 0) always.set(route, found);
  }
  const comesBefore = (step: number, other: number): boolean =>
    always.get(other)?.some(({ after }) => after === step) === true;
  return [...always.values()].flatMap((found) => {
    const last = found.filter(
      ({ after }) => !found.some((other) => other.after !== after && comesBefore(after, other.after)),
    );
    const [closest] = (last.length > 0 ? last : found).toSorted(
      (a, b) => precedence.sessions(a.after) - precedence.sessions(b.after),
    );
    return closest === undefined ? [] : [closest];
  });
}
