import { PASS } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { NO_ORDER } from '../guard/order.ts';
import { claimCaller } from '../guard/caller.ts';

/**
 * In order: claims that the steps before this one have been done, and counts this one where it may be done only so
 * often. Calls in between, and beside, are nobody's business: pages do many things at a time.
 */
export const order: Layer = {
  name: 'order',
  forRoute: ({ orders }) => {
    if (orders === NO_ORDER) return null;
    return (_request, context) => {
      claimCaller(context);
      context.claims.orders = orders;
      return PASS;
    };
  },
};
