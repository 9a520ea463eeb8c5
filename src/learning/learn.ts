import type { Policy } from '../guard/policy.ts';
import { familyOf } from '../lib/agent.ts';
import { type Calls, createCalls } from './calls.ts';
import { type CarrierBook, type Counted, createCarrierBook } from './carriers.ts';
import type { Carrier } from '../guard/decision.ts';
import { createFlowBook, type LearnedFlow } from './flows.ts';
import { learnLimits, type LearnedLimit } from './limits.ts';
import { createTally, type Observation, pathOf, type Source, type Tally, type Unreadable } from './observation.ts';
import { learnOrder, type LearnedOrder, precedenceOf } from './order.ts';
import { createPathTree, type PathPatterns } from './paths.ts';
import { eachMark } from './shape.ts';
import { createSchemaBook, type LearnedSchema, type SchemaBook } from './schemas.ts';
import { createSessionBook, hashOf, ROUTE, type SessionProfile } from './sessions.ts';
import { type TypicalSessions, typicalSessions, type Untypical } from './typical.ts';
import { createVisitors, PAUSE } from './visitors.ts';
import { weigh } from './weights.ts';

/** One route, and what traffic says of it. */
export interface LearnedRoute {
  /** `GET /api/posts/:id`, as the configuration writes it where it has it already. */
  readonly match: string;
  readonly calls: number;
  /** Calls that the backend answered with less than 400. */
  readonly done: number;
  /** Sessions that are typical and called it, and the networks that they came from. */
  readonly sessions: number;
  readonly networks: number;
  /** Calls by what says of itself that it is no browser. */
  readonly programs: number;
  readonly carriers: readonly Counted<Carrier>[];
  readonly types: readonly Counted<string>[];
  readonly limit: LearnedLimit | null;
  readonly after: (LearnedOrder & { readonly match: string }) | null;
  readonly served: readonly ServedFlow[];
  readonly schema: { readonly body: LearnedSchema; readonly bodies: number } | null;
}

/** {@link LearnedFlow} in the words of the configuration. */
export interface ServedFlow extends Omit<LearnedFlow, 'from' | 'route' | 'segment'> {
  readonly param: string;
  readonly from: readonly string[];
  readonly at: readonly string[];
}

export interface Learned {
  readonly routes: readonly LearnedRoute[];
  readonly requests: number;
  /** Of them: outside of what is protected; preflights and what is written ambiguously; not verified by the gate. */
  readonly outside: number;
  readonly unusable: number;
  readonly unverified: number;
  readonly sessions: number;
  readonly networks: number;
  /** One in so many sessions was kept. */
  readonly oneIn: number;
  /** Sessions that were left out, by reason, and the hashes of their names. */
  readonly left: readonly { readonly reason: Untypical; readonly sessions: number }[];
  readonly leftOut: ReadonlySet<number>;
  readonly unreadable: readonly (Unreadable & { readonly source: string })[];
  /** Whether bodies and header fields were there to be learned from. */
  readonly shows: { readonly fields: boolean; readonly bodies: boolean };
}

export interface LearnOptions {
  readonly policy: Policy;
  /** Told how far it is, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Reads all sources two times, and those with bodies once more; what is kept meanwhile is bounded. */
export async function learn(sources: readonly Source[], { policy, onProgress }: LearnOptions): Promise<Learned> {
  const rich = sources.filter(({ shows }) => shows.fields || shows.bodies);
  const bytes = [...sources, ...sources, ...rich].reduce((sum, { size }) => sum + size, 0);
  let read = 0;
  const onBytes = (more: number): void => {
    read += more;
    onProgress?.(Math.min(1, read / Math.max(1, bytes)));
  };
  const calls = createCalls(policy);
  const patterns = await readPaths(sources, calls, onBytes);
  const usage = await readUsage(sources, calls, patterns, onBytes);
  const { profiles, oneIn } = usage.sessions;
  const given = weigh(profiles);
  const limits = learnLimits(profiles, given);
  const typical = typicalSessions(profiles, given, limits);
  const orders = learnOrder(precedenceOf(profiles, typical.weights));
  const content = await readContent(rich, { calls, patterns, usage, typical }, onBytes);
  const supported = supportOf(profiles, typical);
  const routes = usage.routes.flatMap((facts, number): LearnedRoute[] => {
    const support = supported.get(number);
    if (support === undefined || facts.done === 0) return [];
    const after = orders.find(({ route }) => route === number) ?? null;
    const own = content.routes.get(number);
    const body = own?.schema.schema() ?? null;
    return [
      {
        ...facts,
        sessions: support.sessions,
        networks: support.networks.size,
        carriers: own?.carriers.carriers() ?? [],
        types: own?.carriers.types() ?? [],
        limit: limits.get(number) ?? null,
        after: after === null ? null : { ...after, match: usage.routes[after.after]?.match ?? '' },
        served: content.flows.filter(({ route }) => route === number).flatMap((flow) => toServed(flow, usage.routes)),
        schema: body === null ? null : { body, bodies: own?.schema.bodies ?? 0 },
      },
    ];
  });
  return {
    routes,
    ...usage.counts,
    sessions: profiles.length,
    networks: new Set(profiles.map(({ prefix }) => prefix)).size,
    oneIn,
    left: [...typical.left].map(([reason, sessions]) => ({ reason, sessions })),
    leftOut: typical.hashes,
    unreadable: usage.unreadable,
    shows: {
      fields: sources.some(({ shows }) => shows.fields),
      bodies: sources.some(({ shows }) => shows.bodies),
    },
  };
}

/** Fields that say what something is, in words that paths have as well. */
const KIND = /[.'_](?:type|kind|__typename|rel)(?:'\])?$/i;

/** First reading: what is a name in a path and what a parameter, by what the backend had something for. */
async function readPaths(
  sources: readonly Source[],
  calls: Calls,
  onBytes: (more: number) => void,
): Promise<PathPatterns> {
  const tree = createPathTree();
  const visitors = createVisitors();
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) {
      for (const one of batch) {
        const session = visitors.of(one);
        if (one.status >= 400 || one.verified === false) continue;
        const place = calls.placeOf(one);
        // Also of routes that are named: what stands beside them is compared with it.
        if ('path' in place) tree.add(place.path, session, one.marks);
        if (one.answer !== null) eachMark(one.answer, (at, mark) => !KIND.test(at) && tree.gave(mark));
      }
    }
  }
  return tree.patterns();
}

interface RouteFacts {
  readonly match: string;
  calls: number;
  done: number;
  programs: number;
}

interface Usage {
  readonly routes: RouteFacts[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly sessions: ReturnType<ReturnType<typeof createSessionBook>['end']>;
  readonly counts: Pick<Learned, 'requests' | 'outside' | 'unusable' | 'unverified'>;
  readonly unreadable: Learned['unreadable'];
}

const MOST_ROUTES = 2000;

/** Second reading: who called what, when, in what order. */
async function readUsage(
  sources: readonly Source[],
  calls: Calls,
  patterns: PathPatterns,
  onBytes: (more: number) => void,
): Promise<Usage> {
  const routes: RouteFacts[] = [];
  const numbers = new Map<string, number>();
  // Who comes back later has another name by then; logs are a little out of order.
  const isNamed = sources.some(({ format }) => format !== 'access log');
  const book = isNamed ? createSessionBook() : createSessionBook(2 * PAUSE);
  const visitors = createVisitors();
  const counts = { requests: 0, outside: 0, unusable: 0, unverified: 0 };
  const tallies: [Source, Tally][] = [];
  const numberOf = (match: string): number => {
    const known = numbers.get(match);
    if (known !== undefined) return known;
    if (routes.length >= MOST_ROUTES) return -1;
    numbers.set(match, routes.length);
    return routes.push({ match, calls: 0, done: 0, programs: 0 }) - 1;
  };
  const take = (one: Observation): void => {
    counts.requests += 1;
    const session = visitors.of(one);
    if (one.verified === false) {
      counts.unverified += 1;
      return;
    }
    const place = calls.placeOf(one);
    if (place.kind === 'outside' || place.kind === 'unusable') {
      counts[place.kind] += 1;
      return;
    }
    const match = calls.matchOf(place, patterns);
    const number = match === '' ? -1 : numberOf(match);
    const facts = routes[number];
    if (facts === undefined) {
      counts.unusable += 1;
      return;
    }
    facts.calls += 1;
    if (one.status < 400) facts.done += 1;
    if (one.agent !== '' && familyOf(one.agent) === 'program') facts.programs += 1;
    book.add({ session, prefix: one.prefix, time: one.time, status: one.status, route: number });
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

interface ContentOf {
  readonly calls: Calls;
  readonly patterns: PathPatterns;
  readonly usage: Usage;
  readonly typical: TypicalSessions;
}

interface RouteContent {
  readonly carriers: CarrierBook;
  readonly schema: SchemaBook;
}

/** Third reading, of typical sessions alone: carriers, bodies, and which answer's field becomes which parameter. */
async function readContent(
  sources: readonly Source[],
  { calls, patterns, usage, typical }: ContentOf,
  onBytes: (more: number) => void,
): Promise<{ routes: ReadonlyMap<number, RouteContent>; flows: readonly LearnedFlow[] }> {
  const routes = new Map<number, RouteContent>();
  const flows = createFlowBook();
  const visitors = createVisitors();
  const take = (one: Observation): void => {
    const session = visitors.of(one);
    const number = one.verified === false ? undefined : usage.numbers.get(calls.matchOf(calls.placeOf(one), patterns));
    if (number === undefined || typical.hashes.has(hashOf(session)) || one.status >= 400) return;
    const known = routes.get(number) ?? { carriers: createCarrierBook(), schema: createSchemaBook() };
    routes.set(number, known);
    known.carriers.add(one.carrier, one.type, session);
    if (one.request !== null) known.schema.add(one.request);
    const segments = (usage.routes[number]?.match ?? '').replace(/^\S+ /, '').split('/').slice(1);
    const path = pathOf(one.target).split('/').slice(1);
    const page = one.page.split('/');
    for (const [place, segment] of segments.entries()) {
      const mark = one.marks[place] ?? '';
      if (segment.startsWith(':')) flows.used(session, number, place, mark, page.includes(path[place] ?? ''));
    }
    if (one.answer !== null) flows.answered(session, number, one.answer);
  };
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) for (const one of batch) take(one);
  }
  return { routes, flows: flows.flows() };
}

/** Typical sessions that called each route, and their networks. */
function supportOf(
  profiles: readonly SessionProfile[],
  { weights }: TypicalSessions,
): ReadonlyMap<number, { sessions: number; readonly networks: Set<string> }> {
  const support = new Map<number, { sessions: number; readonly networks: Set<string> }>();
  for (const [index, { routes, prefix }] of profiles.entries()) {
    if (weights[index] === 0) continue;
    for (let at = 0; at < routes.length; at += ROUTE.size) {
      const number = routes[at + ROUTE.number] ?? 0;
      const known = support.get(number) ?? { sessions: 0, networks: new Set<string>() };
      known.sessions += 1;
      if (known.networks.size < 10_000) known.networks.add(prefix);
      support.set(number, known);
    }
  }
  return support;
}

function toServed({ route, segment, from, ...rest }: LearnedFlow, routes: readonly RouteFacts[]): ServedFlow[] {
  const names = (routes[route]?.match ?? '').replace(/^\S+ /, '').split('/').slice(1);
  const param = (names[segment] ?? '').slice(1);
  const matches = [...new Set(from.map((source) => routes[source.route]?.match ?? ''))];
  return [{ ...rest, param, from: matches, at: [...new Set(from.map(({ at }) => at))] }];
}
