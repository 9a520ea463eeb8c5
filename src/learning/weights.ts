import type { SessionProfile } from './sessions.ts';

/** Below so many networks there is nothing to weigh them against: an afternoon on one's own machine. */
const FEWEST_NETWORKS = 5;
/** What one network counts for at most: so many sessions, or so much of a session for each network that there is. */
const LEAST_CAP = 3;
const CAP_SHARE = 0.01;

/** What one session of each network counts for. */
export interface Weighing {
  /** 1, or less where the network has more sessions than one is taken to have. */
  of(prefix: string): number;
  /** Whether there are enough networks to be told apart by. */
  readonly byNetwork: boolean;
}

/** Whoever has one network has one voice, however many sessions it opens. */
export function createWeighing(profiles: readonly SessionProfile[]): Weighing {
  const networks = new Map<string, number>();
  for (const { prefix } of profiles) networks.set(prefix, (networks.get(prefix) ?? 0) + 1);
  if (networks.size < FEWEST_NETWORKS) return { of: () => 1, byNetwork: false };
  const cap = Math.max(LEAST_CAP, networks.size * CAP_SHARE);
  const crowded = new Map([...networks].filter(([, sessions]) => sessions > cap));
  return { of: (prefix) => Math.min(1, cap / (crowded.get(prefix) ?? 1)), byNetwork: true };
}

/** What each session counts for. */
export const weigh = (profiles: readonly SessionProfile[], weighing: Weighing): Float64Array =>
  Float64Array.from(profiles, ({ prefix }) => weighing.of(prefix));

/** Whether a session is one of those that a network counts for: of what cannot be weighed, so many are taken. */
export const isCounted = (hash: number, prefix: string, weighing: Weighing): boolean =>
  // Names that count up have hashes that lie together.
  Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35) >>> 0 < weighing.of(prefix) * 0x100000000;
