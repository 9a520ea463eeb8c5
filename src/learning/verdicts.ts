import { type Family, familyOf } from '../lib/agent.ts';
import type { Judge } from './judge.ts';
import { createTally, type Source, type Unreadable } from './observation.ts';
import { createVisitors, type Visitors } from './visitors.ts';

/** What a configuration would have refused in some traffic. Shares are of sessions: one person hit is one, however often. */
export interface Verdicts {
  readonly requests: number;
  /** Of them on routes that are protected, or named. */
  readonly covered: number;
  readonly refused: number;
  readonly sessions: number;
  readonly refusedSessions: number;
  readonly byRule: readonly Hit[];
  readonly byRoute: readonly Hit[];
  readonly byFamily: readonly (Hit & { readonly of: number })[];
  /** Whether bodies, and queries, were there to be judged. */
  readonly judgesBodies: boolean;
  readonly judgesQueries: boolean;
  /** One in so many sessions was judged. */
  readonly oneIn: number;
  /** What the configuration asks for and such traffic cannot show. */
  readonly unjudged: readonly string[];
  readonly unreadable: readonly (Unreadable & { readonly source: string })[];
}

export interface Hit {
  /** `limit`, `GET /api/posts`, `limit of GET /api/posts`, `Firefox`. */
  readonly name: string;
  readonly requests: number;
  readonly sessions: number;
  /** Of them sessions that were left out of what was learned. */
  readonly leftOut: number;
  /** Networks of the others, counted up to {@link MOST_NETWORKS}. */
  readonly networks: number;
}

/** Networks are asked for in small numbers. */
const MOST_NETWORKS = 8;

export interface VerdictOptions {
  /** Judge one in so many sessions. Default 1. */
  readonly oneIn?: number;
  /** Hashes of the names of sessions that were left out of what was learned. Default none. */
  readonly leftOut?: ReadonlySet<number>;
  readonly onBytes?: (bytes: number) => void;
  /** Tells sessions apart. Default: those of this traffic alone. */
  readonly visitors?: Visitors;
}

const NOBODY: ReadonlySet<number> = new Set();

/** Groups beyond are added up under `…`. */
const MOST_GROUPS = 1000;

/** Has a judge look at traffic, source by source. */
export async function collectVerdicts(
  sources: readonly Source[],
  judge: Judge,
  { oneIn = 1, leftOut = NOBODY, onBytes, visitors = createVisitors() }: VerdictOptions = {},
): Promise<Verdicts> {
  const [rules, routes, families] = [createGroups(leftOut), createGroups(leftOut), createGroups(leftOut)];
  const people = new Map<Family, number>();
  const sessions = new Set<number>();
  const hitSessions = new Set<number>();
  const counts = { requests: 0, covered: 0, refused: 0 };
  const unreadable: (Unreadable & { source: string })[] = [];
  visitors.begin();
  for (const source of sources) {
    const tally = createTally();
    for await (const batch of source.read(tally, onBytes)) {
      for (const one of batch) {
        const { name: session, hash } = visitors.of(one);
        // What a gate did not find verified is refused as it is: no rule is too strict for it.
        if (hash % oneIn !== 0 || one.verified === false) continue;
        counts.requests += 1;
        // Nearly all of them are judged at once; only what looks into bodies waits.
        const judged = judge.judge(one, session);
        const { route, isCovered, refusals } = judged instanceof Promise ? await judged : judged;
        if (!isCovered) continue;
        counts.covered += 1;
        const family = familyOf(one.agent);
        if (!sessions.has(hash)) people.set(family, (people.get(family) ?? 0) + 1);
        sessions.add(hash);
        if (refusals.length === 0) continue;
        counts.refused += 1;
        hitSessions.add(hash);
        for (const { layer } of refusals) rules.add(`${layer} of ${route}`, hash, one.prefix);
        routes.add(route, hash, one.prefix);
        families.add(family, hash, one.prefix);
      }
    }
    unreadable.push(...tally.unreadable().map((reason) => ({ ...reason, source: source.name })));
  }
  return {
    ...counts,
    sessions: sessions.size,
    refusedSessions: hitSessions.size,
    byRule: rules.hits(),
    byRoute: routes.hits(),
    byFamily: families.hits().map((hit) => ({ ...hit, of: [...people].find(([name]) => name === hit.name)?.[1] ?? 0 })),
    judgesBodies: judge.shows.bodies,
    judgesQueries: judge.shows.queries,
    oneIn,
    unjudged: judge.unjudged,
    unreadable,
  };
}

interface Groups {
  add(name: string, session: number, prefix: string): void;
  /** Most sessions first. */
  hits(): Hit[];
}

interface Group {
  requests: number;
  readonly sessions: Set<number>;
  readonly networks: Set<string>;
}

function createGroups(leftOut: ReadonlySet<number>): Groups {
  const groups = new Map<string, Group>();
  return {
    add(name, session, prefix) {
      const key = groups.has(name) || groups.size < MOST_GROUPS ? name : '…';
      const group = groups.get(key) ?? { requests: 0, sessions: new Set(), networks: new Set() };
      group.requests += 1;
      group.sessions.add(session);
      if (group.networks.size < MOST_NETWORKS && !leftOut.has(session)) group.networks.add(prefix);
      groups.set(key, group);
    },
    hits: () =>
      [...groups]
        .map(([name, { requests, sessions, networks }]) => ({
          name,
          requests,
          sessions: sessions.size,
          leftOut: sessions.intersection(leftOut).size,
          networks: networks.size,
        }))
        .toSorted((a, b) => b.sessions - a.sessions || b.requests - a.requests),
  };
}
