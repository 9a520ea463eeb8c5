import { MOST_ASKED, type RiskBook, type Risk } from '../guard/challenge.ts';
import { createGenerations } from '../lib/generations.ts';

/**
 * What speaks for asking a session. Every reason is a plain one that a person can be told (`why` prints them), and none
 * is a guess at what kind of browser this is. One alone asks nothing of a new visitor; two do.
 */
const POINTS = {
  /** Its session is younger than ten minutes. */
  young: 1,
  /** More sessions came from its network than that may open. */
  crowded: 2,
  /** Three of its signed calls were refused in the last ten minutes. */
  failures: 2,
  /** It used up more than half of a limit in the last minute. */
  limit: 2,
  /** The gate is busy for more than 70 % of the time. */
  load: 1,
  /** For more than 90 %. */
  overload: 1,
} as const;

/** From here on a session is asked; one point more asks for twice the work. */
const ASKED = 2;

const YOUNG_SECONDS = 600;
const FAILURES = 3;
const FAILED_MS = 600_000;
const LIMIT_MS = 60_000;
const BUSY = 0.7;
const VERY_BUSY = 0.9;
const REMEMBERED = 10_000;

interface Seen {
  failures: number;
  /** The latest of them: a captured call that fails again and again is one failure. */
  proof: string;
  failedAt: number;
  limitAt: number;
  crowded: boolean;
}

export function createRiskBook({ monotonic, load }: { monotonic: () => number; load: () => number }): RiskBook {
  const sessions = createGenerations<Seen>(REMEMBERED);
  const of = (session: string): Seen => {
    const known = sessions.get(session);
    if (known !== undefined) return known;
    const seen = { failures: 0, proof: '', failedAt: -FAILED_MS, limitAt: -LIMIT_MS, crowded: false };
    sessions.set(session, seen);
    return seen;
  };

  function reasonsOf(session: string, seconds: number): (keyof typeof POINTS)[] {
    const seen = sessions.get(session);
    const [now, busy] = [monotonic(), load()];
    const reasons: (keyof typeof POINTS)[] = [];
    if (seconds < YOUNG_SECONDS) reasons.push('young');
    if (seen?.crowded === true) reasons.push('crowded');
    if (seen !== undefined && seen.failures >= FAILURES && now - seen.failedAt < FAILED_MS) reasons.push('failures');
    if (seen !== undefined && now - seen.limitAt < LIMIT_MS) reasons.push('limit');
    if (busy > BUSY) reasons.push('load');
    if (busy > VERY_BUSY) reasons.push('overload');
    return reasons;
  }

  return {
    of(session, seconds): Risk {
      const reasons = reasonsOf(session, seconds);
      let points = 0;
      for (const reason of reasons) points += POINTS[reason];
      return { strength: Math.min(points - ASKED, MOST_ASKED), reasons: reasons.join(', ') };
    },
    atDoor() {
      const busy = load();
      return { strength: busy > VERY_BUSY ? 1 : busy > BUSY ? 0 : -1, reasons: busy > BUSY ? 'load' : '' };
    },
    failed(session, proof) {
      const [seen, now] = [of(session), monotonic()];
      if (seen.proof === proof) return;
      seen.failures = now - seen.failedAt < FAILED_MS ? seen.failures + 1 : 1;
      seen.proof = proof;
      seen.failedAt = now;
    },
    usedUp(session) {
      of(session).limitAt = monotonic();
    },
    crowded(session, crowded) {
      if (crowded || sessions.get(session) !== undefined) of(session).crowded = crowded;
    },
  };
}
