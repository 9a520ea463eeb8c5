import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Clock } from '../../lib/clock.ts';
import { createLimiter } from '../limiter.ts';

/** How often logins at one provider may begin: each may cost a call to it now (RFC 9126), and one when it ends. */
export interface BeginBudget {
  /** Seconds to wait; 0 where it may begin, which then counts. */
  take(call: EndpointCall): number;
}

const WINDOW_MS = 600_000;
/** Of one browser that has walked the doors. */
const PER_SESSION = 30;
/** Of all those of one network prefix: 200 people behind one address have ten each, with room to spare. */
const PER_PREFIX = 3000;
/** Of all others there: 200 people on their way straight to the login have three each. */
const STRANGERS = 600;

/**
 * Whoever shows no session uses up the budget of strangers alone, so that a program at a shared address keeps nobody out
 * who has the site open there.
 */
export function createBeginBudget({ monotonic }: Clock): BeginBudget {
  const sessions = createLimiter(PER_SESSION, WINDOW_MS, monotonic);
  const prefixes = createLimiter(PER_PREFIX, WINDOW_MS, monotonic);
  const strangers = createLimiter(STRANGERS, WINDOW_MS, monotonic);
  return {
    take({ session, decision: { prefix } }) {
      if (session === null) return strangers.take(prefix);
      return sessions.take(session.id) || prefixes.take(prefix);
    },
  };
}
