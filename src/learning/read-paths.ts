import type { Calls } from './calls.ts';
import { createTally, type Source } from './observation.ts';
import { createPathTree, type PathPatterns, segmentsOf } from './paths.ts';
import { eachMark } from './shape.ts';
import { createVisitors } from './visitors.ts';

/** Fields that say what something is, in words that paths have as well. */
const KIND = /[.'_](?:type|kind|__typename|rel)(?:'\])?$/i;

/** First reading: what is a name in a path and what a parameter, by what the backend had something for. */
export async function readPaths(
  sources: readonly Source[],
  calls: Calls,
  onBytes: (more: number) => void,
): Promise<PathPatterns> {
  const tree = createPathTree();
  const visitors = createVisitors();
  // Also of routes that are named: what stands beside them is compared with it.
  const segments = calls.byTarget((place) => ('path' in place ? segmentsOf(place.path) : null));
  for (const source of sources) {
    for await (const batch of source.read(createTally(), onBytes)) {
      for (const one of batch) {
        const { name } = visitors.of(one);
        if (one.status >= 400 || one.verified === false) continue;
        const found = segments(one);
        if (found !== null) tree.add(found, name, one.marks);
        if (one.answer !== null) eachMark(one.answer, (at, mark) => !KIND.test(at) && tree.gave(mark));
      }
    }
  }
  return tree.patterns();
}
