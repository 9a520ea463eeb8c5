import { shownSealIn } from '../doors/sealed-call.ts';
import type { Tickets } from '../doors/ticket.ts';
import { PASS, refusal } from '../guard/decision.ts';
import type { Check, Layer } from '../guard/layer.ts';

const UNSEALED = refusal('sealed', 'a sealed call, as the page’s script makes it');
const NEEDLESS = refusal('sealed', 'a call as it is: this route takes no sealed ones');
const ANOTHER = refusal('sealed', 'a proof under the ticket by whose key the call was sealed');

const STALE = refusal('stale', 'a seal under a ticket of this gate that has not expired');
const INSTANCE = refusal('wrong-instance', 'a ticket of this instance, or state that the instances share');

/**
 * Which calls have to come sealed is for policy to say, and never for the call: neither does a sealed route take an open
 * call, nor any other a sealed one (docs/sealed.md). Of the request around a call it asks for a ticket that is good, so that
 * the shield hears of forged ones.
 */
export function createSealed(tickets: Pick<Tickets, 'openTicket'>): Layer {
  return {
    name: 'sealed',
    forRoute: (route, policy) => {
      if (!policy.seals) return null;
      if (route === policy.sealedRoute) return ofTheTicket(tickets);
      return route.sealed ? mustBeSealed : mustBeOpen;
    },
  };
}

/** What shows no ticket is for the desk to refuse. */
const ofTheTicket =
  (tickets: Pick<Tickets, 'openTicket'>): Check =>
  ({ fields }) => {
    const shown = shownSealIn(fields);
    const ticket = shown === null ? null : tickets.openTicket(shown.ticket);
    if (typeof ticket !== 'string') return PASS;
    return ticket === 'wrong-instance' ? INSTANCE : STALE;
  };

const mustBeOpen: Check = (request) => (sealedBy(request.sealed) === '' ? PASS : NEEDLESS);

const mustBeSealed: Check = (request, context) => {
  if (context.key !== null) return PASS;
  const by = sealedBy(request.sealed);
  if (by === '') return UNSEALED;
  const ticket = context.ticket ?? context.resent?.ticket ?? null;
  return ticket === null || ticket.id === by ? PASS : ANOTHER;
};

const sealedBy = (ticket: string | undefined): string => ticket ?? '';
