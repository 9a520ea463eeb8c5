import { createGenerations } from '../lib/generations.ts';
import type { Context } from './layer.ts';
import { labelOf } from './session-label.ts';
import type { Claims } from './state.ts';
import type { RequestView } from './view.ts';

/** `reads`: what only reads, and stands for nobody, goes on while it cannot be asked about. `refuse`: nothing does. */
export type WhenUnsure = 'reads' | 'refuse';

/** Whatever else limits calls cannot be reached either: so many by one session, or one network where none is known. */
export const EACH_PER_MINUTE = 120;
export const EACH_AT_ONCE = 60;
/** And so many in all, by one process. */
export const ALL_PER_MINUTE = 6000;
export const ALL_AT_ONCE = 600;

/** What goes on while state, records or a provider cannot be reached (DESIGN §5). */
export interface Emergency {
  /**
   * Whether a request goes on that nobody can be asked about, and counts it against the local limit. Its stateless checks
   * have passed. What speaks for a person or a key, costs money, has its turn or needs an id never goes on.
   */
  admits(request: RequestView, context: Context, claims: Claims): boolean;
}

/** @param monotonic milliseconds */
export function createEmergency(monotonic: () => number): Emergency {
  const callers = createGenerations<number>(MOST_CALLERS);
  let all = 0;
  const mayTake = (caller: string): boolean => {
    const now = monotonic();
    const own = Math.max(callers.get(caller) ?? 0, now);
    const total = Math.max(all, now);
    if (own - now > (EACH_AT_ONCE - 1) * EACH_MS || total - now > (ALL_AT_ONCE - 1) * ALL_MS) return false;
    callers.set(caller, own + EACH_MS);
    all = total + ALL_MS;
    return true;
  };
  return {
    admits: (request, context, claims) =>
      context.route.whenUnsure === 'reads' &&
      isRead(request, context) &&
      isNobodys(context, claims) &&
      mayTake(callerOf(context)),
  };
}

const MOST_CALLERS = 10_000;
const EACH_MS = 60_000 / EACH_PER_MINUTE;
const ALL_MS = 60_000 / ALL_PER_MINUTE;

const callerOf = ({ ticket, cookieSession, prefix }: Context): string =>
  labelOf(ticket === null ? cookieSession : ticket.session) || prefix;

/** A request that names another method besides its own is judged by both, and is no read. */
const isRead = ({ method }: RequestView, { route }: Context): boolean =>
  (method === 'GET' || method === 'HEAD') && route.also.length === 0;

function isNobodys({ route, subject, key, resent }: Context, claims: Claims): boolean {
  const speaks = subject !== null || key !== null || route.user !== null || claims.key !== '' || resent !== null;
  return !speaks && claims.orders.length === 0 && claims.served.length === 0 && claims.reserves.length === 0;
}
