import type { SessionProfile } from './sessions.ts';

/** Below so many networks there is nothing to weigh them against: an afternoon on one's own machine. */
const FEWEST_NETWORKS = 5;
/** What one network counts for at most: so many sessions, or so much of a session for each network that there is. */
const LEAST_CAP = 3;
const CAP_SHARE = 0.01;

/**
 * What each session counts for: 1, or less where its network has more sessions than one is taken to have. Whoever has one
 * network has one voice, however many sessions it opens.
 */
export function weigh(profiles: readonly SessionProfile[]): Float64Array {
  const networks = new Map<string, number>();
  for (const { prefix } of profiles) networks.set(prefix, (networks.get(prefix) ?? 0) + 1);
  const weights = new Float64Array(profiles.length).fill(1);
  if (networks.size < FEWEST_NETWORKS) return weights;
  const cap = Math.max(LEAST_CAP, networks.size * CAP_SHARE);
  for (const [index, { prefix }] of profiles.entries()) weights[index] = Math.min(1, cap / (networks.get(prefix) ?? 1));
  return weights;
}
