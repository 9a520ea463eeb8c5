import type { DecisionRecord } from './decision-record.ts';

/** A group of visitors, and how many of them were hit. Shares are of visitors, not of requests. */
export interface Share {
  readonly name: string;
  readonly requests: number;
  readonly refusedRequests: number;
  readonly sessions: number;
  readonly refusedSessions: number;
}

/** What passed, and what was or would be refused. */
export interface Summary {
  readonly requests: number;
  /** Refused in fact. */
  readonly refused: number;
  /** Passed because the layer or route reports only. */
  readonly wouldRefuse: number;
  /** Sessions seen; a visitor without one counts as one per network prefix and browser family. */
  readonly sessions: number;
  readonly sessionsWithoutEntry: number;
  readonly refusedSessions: number;
  readonly byCode: readonly Share[];
  readonly byFamily: readonly Share[];
  readonly byRoute: readonly Share[];
  /** True once more visitors came than are told apart: shares then speak of the latest ones. */
  readonly partial: boolean;
}

export interface VisitorBook {
  add(record: DecisionRecord): void;
  facts(): VisitorFacts;
}

/** What a book holds, to be added up with others. */
export interface VisitorFacts {
  readonly requests: number;
  readonly refused: number;
  readonly wouldRefuse: number;
  readonly partial: boolean;
  readonly codes: ReadonlyMap<string, Counts>;
  readonly families: ReadonlyMap<string, Counts>;
  readonly routes: ReadonlyMap<string, Counts>;
  readonly visitors: ReadonlyMap<string, Visitor>;
}

const MAX_VISITORS = 10_000;
const MAX_GROUPS = 500;

/** Somebody, as far as visitors are told apart. */
export interface Visitor {
  entered: boolean;
  family: string;
  refused: boolean;
  readonly codes: Set<string>;
  readonly routes: Set<string>;
  readonly refusedRoutes: Set<string>;
}

/** A server that renders pages for everybody is one visitor by its key, not all that come from its address. */
function nameOf({ key, session, prefix, family }: DecisionRecord): string {
  if (key !== '') return `key ${key}`;
  return session === '' ? `${prefix} ${family}` : session;
}

export interface Counts {
  requests: number;
  refused: number;
}

export function createVisitorBook(): VisitorBook {
  // Two generations: when the younger is full the older is dropped, so that no request pays for a search.
  let younger = new Map<string, Visitor>();
  let older = new Map<string, Visitor>();
  const codes = new Map<string, Counts>();
  const families = new Map<string, Counts>();
  const routes = new Map<string, Counts>();
  let requests = 0;
  let refused = 0;
  let wouldRefuse = 0;
  let partial = false;

  const visitorOf = (record: DecisionRecord): Visitor => {
    const name = nameOf(record);
    const known = younger.get(name);
    if (known !== undefined) return known;
    if (younger.size >= MAX_VISITORS) {
      partial ||= older.size > 0;
      older = younger;
      younger = new Map();
    }
    const kept = older.get(name);
    if (kept !== undefined) {
      older.delete(name);
      younger.set(name, kept);
      return kept;
    }
    const made: Visitor = {
      entered: record.session !== '' || record.key !== '',
      family: record.family,
      refused: false,
      codes: new Set(),
      routes: new Set(),
      refusedRoutes: new Set(),
    };
    younger.set(name, made);
    return made;
  };

  return {
    add(record) {
      // A first visit without a stamp gets one with that answer and goes on by itself: nobody was turned away.
      const hit = record.code !== '' && record.code !== 'stamp';
      requests++;
      if (record.wouldRefuse) wouldRefuse++;
      else if (hit) refused++;
      if (hit) bump(codes, record.code, true);
      bump(families, record.family, hit);
      bump(routes, record.route, hit);
      const visitor = visitorOf(record);
      if (visitor.routes.size < MAX_GROUPS) visitor.routes.add(record.route);
      if (!hit) return;
      visitor.refused = true;
      visitor.codes.add(record.code);
      if (visitor.refusedRoutes.size < MAX_GROUPS) visitor.refusedRoutes.add(record.route);
    },
    facts: () => ({
      requests,
      refused,
      wouldRefuse,
      partial,
      codes,
      families,
      routes,
      visitors: new Map([...older, ...younger]),
    }),
  };
}

/** What books say together: whoever stands in several of them is one visitor. */
export function summaryOf(books: readonly VisitorFacts[]): Summary {
  const visitors = new Map<string, Visitor>();
  for (const book of books)
    for (const [name, one] of book.visitors) visitors.set(name, joined(visitors.get(name), one));
  const all = [...visitors.values()];
  const sum = (of: 'requests' | 'refused' | 'wouldRefuse'): number =>
    books.reduce((total, book) => total + book[of], 0);
  const shares = (
    of: 'codes' | 'families' | 'routes',
    has: (visitor: Visitor, name: string) => boolean,
    hit: typeof has,
  ): Share[] =>
    [...countsOf(books.map((book) => book[of]))].map(([name, { requests, refused }]) => ({
      name,
      requests,
      refusedRequests: refused,
      sessions: all.filter((visitor) => has(visitor, name)).length,
      refusedSessions: all.filter((visitor) => hit(visitor, name)).length,
    }));
  return {
    requests: sum('requests'),
    refused: sum('refused'),
    wouldRefuse: sum('wouldRefuse'),
    sessions: all.length,
    sessionsWithoutEntry: all.filter((visitor) => !visitor.entered).length,
    refusedSessions: all.filter((visitor) => visitor.refused).length,
    byCode: shares(
      'codes',
      () => true,
      (visitor, name) => visitor.codes.has(name),
    ),
    byFamily: shares(
      'families',
      (visitor, name) => visitor.family === name,
      (visitor, name) => visitor.family === name && visitor.refused,
    ),
    byRoute: shares(
      'routes',
      (visitor, name) => visitor.routes.has(name),
      (visitor, name) => visitor.refusedRoutes.has(name),
    ),
    partial: books.some(({ partial }) => partial),
  };
}

function joined(one: Visitor | undefined, other: Visitor): Visitor {
  if (one === undefined) return other;
  return {
    entered: one.entered || other.entered,
    family: one.family,
    refused: one.refused || other.refused,
    codes: one.codes.union(other.codes),
    routes: one.routes.union(other.routes),
    refusedRoutes: one.refusedRoutes.union(other.refusedRoutes),
  };
}

function countsOf(groups: readonly ReadonlyMap<string, Counts>[]): Map<string, Counts> {
  const all = new Map<string, Counts>();
  for (const group of groups) {
    for (const [name, { requests, refused }] of group) {
      const counts = all.get(name) ?? { requests: 0, refused: 0 };
      all.set(name, { requests: counts.requests + requests, refused: counts.refused + refused });
    }
  }
  return all;
}

function bump(groups: Map<string, Counts>, name: string, refused: boolean): void {
  const counts = groups.get(name) ?? newCounts(groups, name);
  counts.requests++;
  if (refused) counts.refused++;
}

function newCounts(groups: Map<string, Counts>, name: string): Counts {
  const key = groups.size < MAX_GROUPS ? name : '…';
  const made = groups.get(key) ?? { requests: 0, refused: 0 };
  groups.set(key, made);
  return made;
}
