import { PASS } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { subjectName } from '../guard/subject.ts';
import { NO_USE } from '../guard/use.ts';
import { claimCaller } from '../guard/caller.ts';

/**
 * How much: claims what the route's limits count by, and state counts it in the commit, so that nothing is taken of any
 * bucket by what is refused. Comes after everything that says who is calling: nobody pays for somebody else.
 */
export const limit: Layer = {
  name: 'limit',
  forRoute: ({ use }) => {
    if (use === NO_USE) return null;
    return (_request, context) => {
      claimCaller(context);
      const { claims, subject } = context;
      claims.use = use;
      claims.prefix = context.prefix;
      if (subject !== null) claims.subject = subjectName(subject);
      return PASS;
    };
  },
};
