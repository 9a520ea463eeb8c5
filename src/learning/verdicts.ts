import { type Family, familyOf } from '../lib/agent.ts';
import type { Judge } from './judge.ts';
import { createTally, type Source, type Unreadable } from './observation.ts';
import { createVisitors } from './visitors.ts';

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
}

export interface VerdictOptions {
  /** Judge one in so many sessions. Default 1. */
  readonly oneIn?: number;
  /** Hashes of the names of sessions that were left out of what was learned. Default none. */
  readonly leftOut?: ReadonlySet<number>;
  readonly onBytes?: (bytes: number) => void;
}

const NOBODY: ReadonlySet<number> = new Set();

/** Groups beyond are added up under `…`. */
const MOST_GROUPS = 1000;

/** Has a judge look at traffic, source by source. */
export async function collectVerdicts(
  sources: readonly Source[],
  judge: Judge,
  { oneIn = 1, leftOut = NOBODY, onBytes }: VerdictOptions = {},
): Promise<Verdicts> {
  const [rules, routes, families] = [createGroups(leftOut), createGroups(leftOut), createGroups(leftOut)];
  const people = new Map<Family, number>();
  const sessions = new Set<number>();
  const hitSessions = new Set<number>();
  const counts = { requests: 0, covered: 0, refused: 0 };
  const unreadable: (Unreadable & { source: string })[] = [];
  const visitors = createVisitors();
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
        for (const { layer } of refusals) rules.add(`${layer} of ${route}`, hash);
        routes.add(route, hash);
        families.add(family, hash);
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
  add(name: string, session: number): void;
  /** Most sessions first. */
  hits(): Hit[];
}

function createGroups(leftOut: ReadonlySet<number>): Groups {
  const groups = new Map<string, { requests: number; readonly sessions: Set<number> }>();
  return {
    add(name, session) {
      const key = groups.has(name) || groups.size < MOST_GROUPS ? name : '…';
      const group = groups.get(key) ?? { requests: 0, sessions: new Set<number>() };
      group.requests += 1;
      group.sessions.add(session);
      groups.set(key, group);
    },
    hits: () =>
      [...groups]
        .map(([name, { requests, sessions }]) => ({
          name,
          requests,
          sessions: sessions.size,
          leftOut: sessions.intersection(leftOut).size,
        }))
        .toSorted((a, b) => b.sessions - a.sessions || b.requests - a.requests),
  };
}
