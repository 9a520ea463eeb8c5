import type { ChallengeKind } from '../wire/challenge.ts';
import { createBurst } from './burst.ts';
import type { Log } from './log.ts';

/**
 * Says that a provider of challenges refuses the gate itself, for its owner to mend: once for as long as it does, and
 * then how often.
 */
export function createChallengeFaults(
  log: Pick<Log, 'warn'>,
  windowMs = 60_000,
): (kind: ChallengeKind, reason: string) => void {
  const burst = createBurst({
    most: 1,
    window: windowMs,
    leftOut: (count) => log.warn(`challenge: ${count} more could not be judged by the provider in the last minute`),
  });
  return (kind, reason) => {
    if (!burst.admit()) return;
    log.warn('challenge: the provider does not take what the gate shows; nobody passes this way until that is mended', {
      kind,
      reason,
    });
  };
}
