import { eachMark, type Shape } from './shape.ts';

/** Where an id in a path comes from: the answers of a route, and the place in them. */
export interface FlowSource {
  readonly route: number;
  readonly at: string;
}

/** A parameter of a path that holds what earlier answers gave to the same session. */
export interface LearnedFlow {
  readonly route: number;
  /** Place of the segment in the path, from 0. */
  readonly segment: number;
  readonly from: readonly FlowSource[];
  /** Ids that were used; of them given by these answers; of the rest, named by the page's own address. */
  readonly uses: number;
  readonly given: number;
  readonly linked: number;
  readonly sessions: number;
  /** Sessions left out, because they use ids that nobody gave them again and again. */
  readonly left: number;
}

export interface FlowBook {
  /** An answer that succeeded. */
  answered(session: string, route: number, answer: Shape): void;
  /** An id in the path of a call. `isLinked`: the page's address names it. */
  used(session: string, route: number, segment: number, mark: string, isLinked: boolean): void;
  flows(): readonly LearnedFlow[];
}

/** Marks of one session, and sessions whose marks are remembered. */
const MOST_MARKS = 4000;
const MOST_SESSIONS = 1000;
const MOST_SOURCES = 2000;
const MOST_USERS = 100_000;
/** Sources that one parameter is put down to. */
const MOST_FROM = 6;
const FEWEST_USES = 50;
const FEWEST_SESSIONS = 20;
/** Uses that answers have to explain, and answers and pages' addresses together. */
const GIVEN = 0.9;
const EXPLAINED = 0.998;
/** Sessions that guess are a minority, or it is no flow. */
const MOST_LEFT_OUT = 0.12;

/** What one session used of one parameter. */
interface Use {
  readonly key: string;
  uses: number;
  linked: number;
  /** Uses by the set of sources that had given the id, as a list of their numbers. */
  readonly given: Map<string, number>;
}

export function createFlowBook(): FlowBook {
  const sources: FlowSource[] = [];
  const numbers = new Map<string, number>();
  const marks = new Map<string, Map<string, readonly number[]>>();
  const users = new Map<string, Use>();

  const numberOf = (route: number, at: string): number => {
    const name = `${route} ${at}`;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (sources.length >= MOST_SOURCES) return -1;
    numbers.set(name, sources.length);
    return sources.push({ route, at }) - 1;
  };
  const marksOf = (session: string): Map<string, readonly number[]> => {
    const known = marks.get(session);
    if (known !== undefined) return known;
    const [oldest] = marks.keys();
    if (marks.size >= MOST_SESSIONS && oldest !== undefined) marks.delete(oldest);
    const made = new Map<string, readonly number[]>();
    marks.set(session, made);
    return made;
  };

  return {
    answered(session, route, answer) {
      const known = marksOf(session);
      eachMark(answer, (at, mark) => {
        const number = numberOf(route, at);
        const before = known.get(mark) ?? [];
        if (number < 0 || before.includes(number)) return;
        if (known.size >= MOST_MARKS && before.length === 0) known.delete(known.keys().next().value ?? '');
        known.set(mark, [...before, number]);
      });
    },
    used(session, route, segment, mark, isLinked) {
      if (mark === '') return;
      const key = `${route} ${segment}`;
      const name = `${key} ${session}`;
      let use = users.get(name);
      if (use === undefined) {
        if (users.size >= MOST_USERS) return;
        use = { key, uses: 0, linked: 0, given: new Map() };
        users.set(name, use);
      }
      use.uses += 1;
      const from = marks.get(session)?.get(mark) ?? [];
      const set = from.join(' ');
      if (from.length > 0) use.given.set(set, (use.given.get(set) ?? 0) + 1);
      else if (isLinked) use.linked += 1;
    },
    flows: () =>
      [...Map.groupBy(users.values(), ({ key }) => key)].flatMap(([key, all]) => flowOf(key, all, sources) ?? []),
  };
}

function flowOf(key: string, all: readonly Use[], sources: readonly FlowSource[]): LearnedFlow | null {
  const guess = all.filter((use) => use.uses - use.linked - givenIn(use) >= 3 && givenIn(use) < 0.5 * use.uses);
  const left = guess.length <= MOST_LEFT_OUT * all.length ? new Set(guess) : new Set<Use>();
  const kept = all.filter((use) => !left.has(use));
  const uses = sum(kept, (use) => use.uses);
  const linked = sum(kept, (use) => use.linked);
  if (uses < FEWEST_USES || kept.length < FEWEST_SESSIONS) return null;
  const from = covering(kept, sources);
  const given = sum(kept, (use) => sum([...use.given], ([set, count]) => (isFrom(set, from) ? count : 0)));
  if (given < GIVEN * uses || given + linked < EXPLAINED * uses) return null;
  const [route = 0, segment = 0] = key.split(' ').map(Number);
  const found = [...from].flatMap((number) => sources[number] ?? []);
  return { route, segment, from: found, uses, given, linked, sessions: kept.length, left: left.size };
}

/** The fewest sources that explain nearly all: each time the one that explains most of what is left. */
function covering(uses: readonly Use[], sources: readonly FlowSource[]): ReadonlySet<number> {
  const sets = new Map<string, number>();
  for (const { given } of uses) for (const [set, count] of given) sets.set(set, (sets.get(set) ?? 0) + count);
  const all = sum([...sets], ([, count]) => count);
  const chosen = new Set<number>();
  while (chosen.size < MOST_FROM) {
    const counts = new Map<number, number>();
    for (const [set, count] of sets) {
      if (isFrom(set, chosen)) continue;
      for (const number of set.split(' ').map(Number)) counts.set(number, (counts.get(number) ?? 0) + count);
    }
    const [best] = [...counts].toSorted(
      ([one, a], [other, b]) => b - a || likeness(sources[other]) - likeness(sources[one]) || one - other,
    );
    if (best === undefined || best[1] < 0.0005 * all) break;
    chosen.add(best[0]);
  }
  return chosen;
}

/** Of two places that explain the same, the one that is called as ids are. */
const likeness = (source: FlowSource | undefined): number =>
  /(?:^|[.'_])(?:id|uuid|slug|key|code|username|name)'?\]?$/i.test(source?.at ?? '') ? 1 : 0;

const isFrom = (set: string, chosen: ReadonlySet<number>): boolean =>
  chosen.size > 0 && set.split(' ').some((number) => chosen.has(Number(number)));

const givenIn = ({ given }: Use): number => sum([...given.values()], (count) => count);

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);
