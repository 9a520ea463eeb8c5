import type { Policy } from '../guard/policy.ts';
import { createCalls } from './calls.ts';
import type { Counted } from './carriers.ts';
import type { Carrier } from '../guard/decision.ts';
import type { LearnedFlow } from './flows.ts';
import { learnLimits, type LearnedLimit } from './limits.ts';
import type { Source, Unreadable } from './observation.ts';
import { learnOrder, type LearnedOrder, precedenceOf } from './order.ts';
import type { LearnedQuery } from './queries.ts';
import { readContent } from './read-content.ts';
import { readPaths } from './read-paths.ts';
import { readUsage, type RequestCounts, type RouteFacts } from './read-usage.ts';
import type { LearnedBody } from './schemas.ts';
import { ROUTE, type SessionProfile } from './sessions.ts';
import type { LearnedSpans } from './spans.ts';
import { type TypicalSessions, typicalSessions, type Untypical } from './typical.ts';
import { createVisitors, type Visitors } from './visitors.ts';
import { createWeighing, weigh } from './weights.ts';

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
  /** Networks of what else called it, counted up to three. */
  readonly browserNetworks: number;
  readonly carriers: readonly Counted<Carrier>[];
  readonly types: readonly Counted<string>[];
  readonly limit: LearnedLimit | null;
  readonly after: (LearnedOrder & LearnedSpans & { readonly match: string }) | null;
  readonly served: readonly ServedFlow[];
  readonly body: LearnedBody | null;
  readonly query: LearnedQuery | null;
}

/** {@link LearnedFlow} in the words of the configuration. */
export interface ServedFlow extends Omit<LearnedFlow, 'from' | 'route' | 'segment'> {
  readonly param: string;
  readonly from: readonly string[];
  readonly at: readonly string[];
}

export interface Learned extends RequestCounts {
  readonly routes: readonly LearnedRoute[];
  readonly sessions: number;
  readonly networks: number;
  /** What typical sessions count for in all, and whether networks are told apart. */
  readonly weighed: { readonly sessions: number; readonly byNetwork: boolean };
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
  /** Tells sessions apart. Default: those of this reading alone. */
  readonly visitors?: Visitors;
}

/** Reads all sources three times; what is kept meanwhile is bounded. */
export async function learn(
  sources: readonly Source[],
  { policy, onProgress, visitors = createVisitors() }: LearnOptions,
): Promise<Learned> {
  const bytes = 3 * sources.reduce((sum, { size }) => sum + size, 0);
  let read = 0;
  const onBytes = (more: number): void => {
    read += more;
    onProgress?.(Math.min(1, read / Math.max(1, bytes)));
  };
  const calls = createCalls(policy);
  const patterns = await readPaths(sources, calls, visitors, onBytes);
  const usage = await readUsage(sources, { calls, patterns, visitors }, onBytes);
  const { profiles, oneIn } = usage.sessions;
  const weighing = createWeighing(profiles);
  const given = weigh(profiles, weighing);
  const limits = learnLimits(profiles, given);
  const typical = typicalSessions(profiles, given, limits);
  const orders = learnOrder(precedenceOf(profiles, typical.weights));
  const content = await readContent(sources, { calls, patterns, usage, typical, weighing, orders, visitors }, onBytes);
  const spans = content.spans.spans(weightsOf(profiles, typical));
  // A log cuts sessions off at pauses: how long people stay away it does not show.
  const showsPauses = sources.every(({ format }) => format !== 'access log');
  const supported = supportOf(profiles, typical);
  const routes = usage.routes.flatMap((facts, number): LearnedRoute[] => {
    const support = supported.get(number);
    if (support === undefined || facts.done === 0) return [];
    const after = orders.find(({ route }) => route === number) ?? null;
    const own = content.routes.get(number);
    return [
      {
        ...facts,
        sessions: support.sessions,
        networks: support.networks.size,
        carriers: own?.carriers.carriers() ?? [],
        types: own?.carriers.types() ?? [],
        limit: limits.get(number) ?? null,
        after:
          after === null
            ? null
            : {
                ...after,
                match: usage.routes[after.after]?.match ?? '',
                notBefore: spans.get(number)?.notBefore ?? null,
                within: showsPauses ? (spans.get(number)?.within ?? null) : null,
              },
        served: content.flows.filter(({ route }) => route === number).flatMap((flow) => toServed(flow, usage.routes)),
        body: own?.schema.body() ?? null,
        query: own?.query.schema() ?? null,
      },
    ];
  });
  return {
    routes,
    ...usage.counts,
    sessions: profiles.length,
    networks: new Set(profiles.map(({ prefix }) => prefix)).size,
    weighed: {
      sessions: Math.round(typical.weights.reduce((sum, weight) => sum + weight, 0)),
      byNetwork: weighing.byNetwork,
    },
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

/** What sessions count for, by the hashes of their names; 0 for those that were not kept. */
function weightsOf(profiles: readonly SessionProfile[], { weights }: TypicalSessions): (session: number) => number {
  const byHash = new Map(profiles.map(({ hash }, index) => [hash, weights[index] ?? 0]));
  return (session) => byHash.get(session) ?? 0;
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
