import { familyOf } from '../lib/agent.ts';
import type { Calls } from './calls.ts';
import { createTally, type Observation, type Source, type Tally, type Unreadable } from './observation.ts';
import type { PathPatterns } from './paths.ts';
import { createSessionBook, type Sessions } from './sessions.ts';
import { PAUSE, type Visitors } from './visitors.ts';
import { FEW } from './voices.ts';

/** What is counted of one route. */
export interface RouteFacts {
  readonly match: string;
  calls: number;
  done: number;
  programs: number;
  /** Networks of what else called it, counted up to {@link FEW}. */
  browserNetworks: number;
}

/** All requests, and those of which nothing is learned. */
export interface RequestCounts {
  readonly requests: number;
  /** Outside of what is protected. */
  readonly outside: number;
  /** Preflights, and what is written ambiguously. */
  readonly unusable: number;
  /** Not verified by the gate. */
  readonly unverified: number;
}

/** What the second reading came to. */
export interface Usage {
  readonly routes: RouteFacts[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly sessions: Sessions;
  readonly counts: RequestCounts;
  readonly unreadable: readonly (Unreadable & { readonly source: string })[];
}

interface UsageOf {
  readonly calls: Calls;
  readonly patterns: PathPatterns;
  readonly visitors: Visitors;
}

const MOST_ROUTES = 2000;

/** Second reading: who called what, when, in what order. */
export async function readUsage(
  sources: readonly Source[],
  { calls, patterns, visitors }: UsageOf,
  onBytes: (more: number) => void,
): Promise<Usage> {
  const routes: RouteFacts[] = [];
  const numbers = new Map<string, number>();
  // Who comes back later has another name by then; logs are a little out of order.
  const isNamed = sources.some(({ format }) => format !== 'access log');
  const book = isNamed ? createSessionBook() : createSessionBook(2 * PAUSE);
  visitors.begin();
  const counts = { requests: 0, outside: 0, unusable: 0, unverified: 0 };
  const tallies: [Source, Tally][] = [];
  const browsers = new Map<RouteFacts, string[]>();
  const noteNetwork = (facts: RouteFacts, prefix: string): void => {
    const known = browsers.get(facts) ?? [];
    if (known.includes(prefix)) return;
    browsers.set(facts, [...known, prefix]);
    facts.browserNetworks += 1;
  };
  const numberOf = (match: string): number => {
    const known = numbers.get(match);
    if (known !== undefined) return known;
    if (routes.length >= MOST_ROUTES) return -1;
    numbers.set(match, routes.length);
    return routes.push({ match, calls: 0, done: 0, programs: 0, browserNetworks: 0 }) - 1;
  };
  const routeOf = calls.byTarget((place): number | 'outside' | 'unusable' => {
    if (place.kind === 'outside' || place.kind === 'unusable') return place.kind;
    const match = calls.matchOf(place, patterns);
    const number = match === '' ? -1 : numberOf(match);
    return number < 0 ? 'unusable' : number;
  });
  const take = (one: Observation): void => {
    counts.requests += 1;
    const { name: session } = visitors.of(one);
    if (one.verified === false) {
      counts.unverified += 1;
      return;
    }
    const route = routeOf(one);
    if (typeof route === 'string') {
      counts[route] += 1;
      return;
    }
    const facts = routes[route];
    if (facts === undefined) return;
    facts.calls += 1;
    if (one.status < 400) facts.done += 1;
    if (one.agent !== '' && familyOf(one.agent) === 'program') facts.programs += 1;
    else if (facts.browserNetworks < FEW) noteNetwork(facts, one.prefix);
    book.add({ session, prefix: one.prefix, time: one.time, status: one.status, route });
  };
  for (const source of sources) {
    const tally = createTally();
    tallies.push([source, tally]);
    for await (const batch of source.read(tally, onBytes)) for (const one of batch) take(one);
  }
  const unreadable = tallies.flatMap(([{ name }, tally]) =>
    tally.unreadable().map((reason) => ({ ...reason, source: name })),
  );
  return { routes, numbers, sessions: book.end(), counts, unreadable };
}
