import type { TicketFacts } from './decision.ts';
import type { Context } from './layer.ts';

/**
 * The ticket of the proof that held, or of one that holds if the commit finds its redirect grant: then without it, the
 * request is refused, whatever else it shows. Not for a layer that is enforced where the proof is only reported: nothing
 * would ask for the grant, and a ticket without its key is nobody's.
 */
export const shownTicket = ({ ticket, resent, claims }: Context): TicketFacts | null =>
  ticket ?? (claims.redirectTarget === '' ? null : (resent?.ticket ?? null));
