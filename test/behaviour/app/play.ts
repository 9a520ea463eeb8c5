import type { Book } from '../../../src/behaviour/book.ts';
import type { SessionId } from '../../../src/guard/behaviour.ts';
import type { RouteRule } from '../../../src/guard/policy.ts';
import type { RequestView } from '../../../src/guard/view.ts';
import type { Interaction } from '../../../src/wire/interaction.ts';
import type { MadeCall, MadeSession } from './people.ts';

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

type Event = { readonly at: number; readonly index: number } & (
  | { readonly call: MadeCall; readonly number: number }
  | { readonly hands: Interaction }
);

/** Plays visits into a book, as they would come: call by call in the order of time. */
export function play(book: Book, visits: readonly Visit[], thresholds: readonly number[] = []): Seen[] {
  const start = 1_700_000_000_000;
  const events: Event[] = visits
    .flatMap(({ start: began, made: { calls, told = [] } }, index) => [
      ...calls.map((call, number) => ({ at: began + call.at, index, call, number })),
      ...told.map(({ at, told: hands }) => ({ at: began + at, index, hands })),
    ])
    .sort((one, other) => one.at - other.at);
  const state = visits.map((visit) => ({
    visit,
    odds: 1,
    score: 0,
    crossed: new Map<number, number>(),
    reasons: '',
    calls: 0,
  }));
  for (const visit of visits) book.entered(visit.session, `load ${visit.start}`, start + visit.start * 1000);
  for (const { at, index, ...event } of events) {
    const seen = state[index] as (typeof state)[number];
    const { visit } = seen;
    const now = start + at * 1000;
    const { session, prefix } = visit;
    if ('hands' in event) book.handled(session, event.hands);
    else {
      const { route, target, status } = event.call;
      seen.calls = event.number + 1;
      book.called({ session, request: requestOf(route, target), route: routeOf(route), prefix, now });
      book.answered(session, status);
    }
    book.tick(now);
    const risk = book.riskOf(session);
    seen.score = Math.max(seen.score, book.scoreOf(session));
    if (risk === null || risk.odds <= seen.odds) continue;
    seen.odds = risk.odds;
    seen.reasons = book.reasonsOf(session);
    for (const threshold of thresholds)
      if (risk.odds >= threshold && !seen.crossed.has(threshold)) seen.crossed.set(threshold, seen.calls);
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
