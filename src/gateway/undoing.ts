import type { Undone } from '../guard/switch.ts';
import { policyIdOf } from '../guard/terms.ts';
import { MARGIN_MS, type WatchedChange } from './past.ts';
import { shareIn } from './reached.ts';

/**
 * Layers whose checks a version may bring down together with the page's script: what they ask, a page shows of itself. The others
 * keep people from what somebody else makes their browsers send, or sends again; no version is worth that they are asked nothing.
 */
const SHOWN_BY_PAGES: ReadonlySet<string> = new Set(['proof', 'session', 'drift']);

/**
 * How a layer goes on as before a change; null where it would be as it is. Where only the version is another, what ran before is
 * gone, and the layer only records the sessions that had pages before: whoever comes since is asked for all.
 */
export function undoneBy({ at, before, after }: WatchedChange, layer: string): Omit<Undone, 'of'> | null {
  if (policyIdOf(before) === policyIdOf(after)) return before.words;
  if (before.version === after.version) return { ...before.words, pages: before.pages };
  if (SHOWN_BY_PAGES.has(layer)) return { ...before.words, spares: at - MARGIN_MS };
  return shareIn(before.words, layer) < shareIn(after.words, layer) ? before.words : null;
}
