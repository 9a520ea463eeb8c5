import type { Book } from '../../../src/behaviour/book.ts';
import type { SessionId } from '../../../src/guard/behaviour.ts';
import type { RouteRule } from '../../../src/guard/policy.ts';
import type { RequestView } from '../../../src/guard/view.ts';
import type { MadeSession } from './people.ts';

/** A session, and when and from where it comes. */
export interface Visit {
  readonly made: MadeSession;
  /** Seconds. */
  readonly start: number;
  readonly prefix: string;
  readonly session: SessionId;
}

export interface Seen {
  readonly visit: Visit;
  /** The highest odds, and the calls after which they were first at least so high, by threshold. */
  readonly odds: number;
  readonly score: number;
  readonly crossed: ReadonlyMap<number, number>;
  readonly reasons: string;
}

/** Plays visits into a book, as they would come: call by call in the order of time. */
export function play(book: Book, visits: readonly Visit[], thresholds: readonly number[] = []): Seen[] {
  const start = 1_700_000_000_000;
  const events = visits
    .flatMap((visit, index) =>
      visit.made.calls.map((call, number) => ({ at: visit.start + call.at, index, call, number })),
    )
    .sort((one, other) => one.at - other.at);
  const state = visits.map((visit) => ({ visit, odds: 1, score: 0, crossed: new Map<number, number>(), reasons: '' }));
  for (const visit of visits) book.entered(visit.session, `load ${visit.start}`, start + visit.start * 1000);
  for (const { at, index, call, number } of events) {
    const { visit } = state[index] as (typeof state)[number];
    const now = start + at * 1000;
    const { session, prefix } = visit;
    book.called({ session, request: requestOf(call.route, call.target), route: routeOf(call.route), prefix, now });
    book.answered(session, call.status);
    book.tick(now);
    const risk = book.riskOf(session);
    const seen = state[index] as (typeof state)[number];
    seen.score = Math.max(seen.score, book.scoreOf(session));
    if (risk === null || risk.odds <= seen.odds) continue;
    seen.odds = risk.odds;
    seen.reasons = book.reasonsOf(session);
    for (const threshold of thresholds)
      if (risk.odds >= threshold && !seen.crossed.has(threshold)) seen.crossed.set(threshold, number + 1);
  }
  return state;
}

/** All sessions end, and those that may teach. */
export function settle(book: Book, visits: readonly Visit[]): void {
  const last = Math.max(...visits.map(({ start, made }) => start + (made.calls.at(-1)?.at ?? 0)));
  while (book.tick(1_700_000_000_000 + (last + 3600) * 1000));
}

const routes = new Map<string, RouteRule>();

/** A row of a policy, as far as the model reads it. */
function routeOf(name: string): RouteRule {
  // SAFETY: of a route the model reads its name alone.
  const route = routes.get(name) ?? ({ name } as RouteRule);
  routes.set(name, route);
  return route;
}

function requestOf(route: string, target: string): RequestView {
  // SAFETY: of a request the model reads method and target alone.
  return { method: route.slice(0, route.indexOf(' ')), target } as RequestView;
}
