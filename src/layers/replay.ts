import { PASS } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

/**
 * One proof, one request: claims the counter in the window of its ticket. The commit uses it up together with
 * everything else the request claims, so a refused or forged request never moves a window (R42, R43).
 */
export const replay: Layer = {
  name: 'replay',
  forRoute: (route) => {
    if (route.level === 'open' || route.level === 'site') return null;
    return (request, context) => {
      const { ticket, proof, claims } = context;
      if (ticket === null || proof === null) return PASS;
      claims.nonce = proof.nonce;
      claims.windowPlace = ticket.windowPlace;
      claims.windowIdHigh = ticket.windowIdHigh;
      claims.windowIdLow = ticket.windowIdLow;
      // Media elements ask for one URL range by range; its proof holds for them within its minute (PROTOCOL 3.10).
      claims.repeatable = proof.repeatable && request.headers.range !== '' && context.cookieSession === ticket.session;
      return PASS;
    };
  },
};
