import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

const UNSEALED = refusal('sealed', 'a sealed call, as the page’s script makes it');
const NEEDLESS = refusal('sealed', 'a call as it is: this route takes no sealed ones');
const ANOTHER = refusal('sealed', 'a proof under the ticket by whose key the call was sealed');

/**
 * Which calls have to come sealed is for policy to say, and never for the call: neither does a sealed route take an open
 * call, nor any other a sealed one (docs/sealed.md).
 */
export const sealed: Layer = {
  name: 'sealed',
  forRoute: (route, policy) => {
    if (!policy.seals) return null;
    if (!route.sealed) return (request) => (sealedBy(request.sealed) === '' ? PASS : NEEDLESS);
    return (request, context) => {
      if (context.key !== null) return PASS;
      const by = sealedBy(request.sealed);
      if (by === '') return UNSEALED;
      const ticket = context.ticket ?? context.resent?.ticket ?? null;
      return ticket === null || ticket.id === by ? PASS : ANOTHER;
    };
  },
};

const sealedBy = (ticket: string | undefined): string => ticket ?? '';
