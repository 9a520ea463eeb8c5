import type { Policy } from '../guard/policy.ts';
import { foldPath, pathTrouble } from '../wire/fold.ts';
import { compilePattern } from '../wire/pattern.ts';
import { type Observation, pathOf } from './observation.ts';
import type { PathPatterns } from './paths.ts';
import { remembered, rememberedByNumber } from './remembered.ts';

/** What a request is to the policy that holds. */
export type Place =
  /** Outside of what is protected, or excepted: nothing is learned of it. */
  | { readonly kind: 'outside' }
  /** A preflight, or written so that two servers could read it differently, or as patterns are. */
  | { readonly kind: 'unusable' }
  /** A route that the configuration names. */
  | { readonly kind: 'known'; readonly match: string; readonly path: string }
  /** Protected, and named by nothing. */
  | { readonly kind: 'new'; readonly method: string; readonly path: string };

/** Where requests belong, by the policy that holds and by the patterns that were learned beside it. */
export interface Calls {
  /** The `match` of a place's route; '' where it belongs to none. */
  matchOf(place: Place, patterns: PathPatterns): string;
  /** What follows from a method and a target alone, with the latest results kept. HEAD is read as GET. */
  byTarget<T>(make: (place: Place, target: string) => T): (observation: Observation) => T;
}

const OUTSIDE: Place = Object.freeze({ kind: 'outside' });
const UNUSABLE: Place = Object.freeze({ kind: 'unusable' });
/** Written into a pattern it would stand for other paths, too: whoever asked for `/api/**` would open all that is below. */
const WILD = /\*|\/:/;
/** Of each method. Targets that are new mostly have a path that is not. */
const MOST_TARGETS = 16_384;
const MOST_NUMBERS = 32_768;
const MOST_PATHS = 4096;
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export function createCalls(policy: Policy): Calls {
  const writable = new Map<string, boolean>();
  /** Whether the configuration could write it: a segment may hold what patterns cannot. */
  const canWrite = (pattern: string): boolean => {
    const known = writable.get(pattern);
    if (known !== undefined) return known;
    let can = true;
    try {
      compilePattern(pattern);
    } catch {
      can = false;
    }
    if (writable.size < 10_000) writable.set(pattern, can);
    return can;
  };
  const find = (method: string, path: string): Place => {
    if (!METHODS.has(method) || pathTrouble(path) !== '') return UNUSABLE;
    const rule = policy.match(method, path, foldPath(path));
    if (rule.named) return { kind: 'known', match: rule.name, path };
    if (rule.level === 'open') return OUTSIDE;
    return WILD.test(path) ? UNUSABLE : { kind: 'new', method, path };
  };
  const byTarget = <T>(make: (place: Place, target: string) => T): ((observation: Observation) => T) => {
    // Of paths there are few, many times over, and of targets not many more.
    const finders = new Map(
      [...METHODS].map((method) => {
        const byPath = remembered((path) => find(method, path), MOST_PATHS);
        const made = (target: string): T => make(byPath(pathOf(target)), target);
        return [method, { byText: remembered(made, MOST_TARGETS), byNumber: rememberedByNumber(made, MOST_NUMBERS) }];
      }),
    );
    return ({ method, target, targetNumber = -1 }) => {
      const finder = finders.get(method === 'HEAD' ? 'GET' : method);
      if (finder === undefined) return make(UNUSABLE, target);
      return targetNumber < 0 ? finder.byText(target) : finder.byNumber(targetNumber, target);
    };
  };
  return {
    byTarget,
    matchOf(place, patterns) {
      if (place.kind === 'known') return place.match;
      if (place.kind !== 'new') return '';
      const pattern = patterns.of(place.path);
      if (pattern === '' || !canWrite(pattern)) return '';
      return `${place.method} ${pattern}`;
    },
  };
}
