import type { Calls } from './calls.ts';
import { createTally, type Source } from './observation.ts';
import { type Asker, createPathTree, type PathPatterns, segmentsOf } from './paths.ts';
import { eachMark } from './shape.ts';
import type { Visitors } from './visitors.ts';

/** Fields that say what something is, in words that paths have as well. */
const KIND = /[.'_](?:type|kind|__typename|rel)(?:'\])?$/i;

/** Sessions that are followed at one time, and marks of one: beyond, the oldest are forgotten. */
const MOST_SESSIONS = 1000;
const MOST_MARKS = 4000;

interface Followed extends Asker {
  readonly given: Set<string>;
}

/** What sessions were given, in bounded memory. */
function createAskers(): (session: string) => Followed {
  const askers = new Map<string, Followed>();
  return (session) => {
    const known = askers.get(session);
    if (known !== undefined) return known;
    const [oldest] = askers.keys();
    if (askers.size >= MOST_SESSIONS && oldest !== undefined) askers.delete(oldest);
    const made = { given: new Set<string>(), asked: new WeakSet() };
    askers.set(session, made);
    return made;
  };
}

function give({ given }: Followed, mark: string): void {
  const [oldest] = given;
  if (given.size >= MOST_MARKS && oldest !== undefined && !given.has(mark)) given.delete(oldest);
  given.add(mark);
}

/** First reading: what is a name in a path and what a parameter, by what the backend had something for. */
export async function readPaths(
  sources: readonly Source[],
  calls: Calls,
  visitors: Visitors,
  onBytes: (more: number) => void,
): Promise<PathPatterns> {
  const tree = createPathTree();
  visitors.begin();
  const askerOf = createAskers();
  // Also of routes that are named: what stands beside them is compared with it.
  const segments = calls.byTarget((place) => ('path' in place ? segmentsOf(place.path) : null));
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) {
      for (const one of batch) {
        const { name } = visitors.of(one);
        if (one.status >= 400 || one.verified === false) continue;
        const found = segments(one);
        // Logs show no answers.
        const asker = one.marks.length === 0 ? null : askerOf(name);
        if (found !== null) tree.add(found, name, one.marks, asker);
        if (one.answer !== null && asker !== null)
          eachMark(one.answer, (at, mark) => {
            if (!KIND.test(at)) give(asker, mark);
          });
      }
    }
  }
  return tree.patterns();
}
