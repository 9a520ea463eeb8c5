import { UNSIGNED_CARRIERS } from '../guard/carrier.ts';
import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

const CARRIER = refusal('carrier', 'a call by the page’s code, or this carrier in the route’s `carriers`');

/**
 * Images, media, forms and navigations cannot sign. They reach a covered route only where policy lists them, which
 * lowers the level of that route for everybody; what a request says it is only ever narrows.
 */
export const carrier: Layer = {
  name: 'carrier',
  forRoute: (route) => {
    if (route.level === 'open') return null;
    const urls = route.sync.has('url');
    return (request, context) => {
      if (context.key !== null) return PASS;
      const made = context.carrier;
      if (made === 'call' || route.carriers.has(made)) return PASS;
      // A native beacon carries no proof and no custom header: as weak as a form.
      const unsigned = UNSIGNED_CARRIERS.has(made) || (made === 'beacon' && request.headers.signatureInput === '');
      if (!unsigned || (urls && made !== 'form' && made !== 'beacon')) return PASS;
      context.evidence = `made as ${made}`;
      return CARRIER;
    };
  },
};
