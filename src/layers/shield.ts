import type { Tickets } from '../doors/ticket.ts';
import { shownSealIn } from '../doors/sealed-call.ts';
import { ticketIn } from '../doors/ticket-text.ts';
import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

const LIMIT = refusal('limit', 'fewer forged tickets and signatures from this network, or a ticket opened here before');

/** Failures a prefix may have at once, and how many of them it gets back in a second. */
const BURST = 600;
const PER_SECOND = 20;
/** No new visitor waits longer because of a neighbour (DESIGN §10). */
const LONGEST_WAIT_SECONDS = 20;
const MOST_PREFIXES = 65_536;

interface Failures {
  count: number;
  at: number;
}

/**
 * Keeps floods of forged tickets from costing decryptions: counts failed openings and signatures per network
 * prefix, in this process alone. Tickets opened here before are never touched, so neighbours of a flood go on;
 * only tickets not yet known here wait, and at most 20 s.
 */
export function createShield(tickets: Pick<Tickets, 'isKnown'>, monotonic: () => number): Layer {
  let failures = new Map<string, Failures>();

  function levelOf(prefix: string): number {
    const found = failures.get(prefix);
    if (found === undefined) return 0;
    const now = monotonic();
    found.count = Math.max(0, found.count - ((now - found.at) / 1000) * PER_SECOND);
    found.at = now;
    return found.count;
  }

  return {
    name: 'shield',
    forRoute: (route, policy) => {
      const isSealed = route === policy.sealedRoute;
      if ((route.level === 'open' || route.level === 'site') && !isSealed) return null;
      return (request, context) => {
        if (failures.size === 0 || levelOf(context.prefix) < BURST) return PASS;
        const ticket = isSealed ? (shownSealIn(request.fields)?.ticket ?? '') : ticketIn(request);
        if (ticket === '' || tickets.isKnown(ticket)) return PASS;
        context.retryAfter = Math.min(
          LONGEST_WAIT_SECONDS,
          1 + Math.ceil((levelOf(context.prefix) - BURST) / PER_SECOND),
        );
        return LIMIT;
      };
    },
    observe(_request, context, refused) {
      if (refused === null || context.ticket !== null) return;
      if (refused.code !== 'signature' && refused.code !== 'stale') return;
      if (failures.size >= MOST_PREFIXES) failures = new Map();
      const level = levelOf(context.prefix);
      failures.set(context.prefix, { count: Math.min(level + 1, 2 * BURST), at: monotonic() });
    },
  };
}
