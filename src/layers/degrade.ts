import type { Reservation } from '../guard/budget.ts';
import { toCanRequest } from '../guard/can-request.ts';
import { PASS, refusal, type Verdict } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { compileParams } from '../guard/params.ts';
import { within } from '../lib/within.ts';

const UNCLEAR = refusal('forbidden', 'a path whose `:names` can be told for certain');
const PATIENCE_MS = 5000;
const ANSWER = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];

/**
 * When most of a budget is spent: the app's own code may put another body in place of the client's, for a cheaper model, or
 * answer itself, which costs nothing. Comes last: only what would go to the backend is asked about. Where it only
 * reports, nothing is changed.
 */
export const degrade: Layer = {
  name: 'degrade',
  stage: 'after-commit',
  forRoute: ({ degrade: rule, pattern, mode }, policy) => {
    if (rule === null || mode === 'report' || policy.mode === 'report') return null;
    const paramsOf = compileParams(pattern);
    return (request, context) => {
      const { reserved } = context.claims.used;
      if (reserved === null || partSpent(reserved) < rule.at) return PASS;
      const params = paramsOf(request.path);
      if (params === null) return UNCLEAR;
      const asked = async (): Promise<Verdict> => {
        const found = await within(rule.by(toCanRequest(request, context, params)), PATIENCE_MS);
        if (found === undefined) return PASS;
        if ('answer' in found) {
          const fields = [...ANSWER, ...context.responseFields];
          context.answer = { status: 200, fields, body: JSON.stringify(found.answer) };
        } else context.content.replace(Buffer.from(JSON.stringify(found.body)));
        return PASS;
      };
      return asked();
    };
  },
};

/** Of the budget that is the closest to its end. */
function partSpent({ parts, spent }: Reservation): number {
  const caps = parts.flatMap(({ rule }) => rule.budgets.map(({ cap }) => cap));
  return Math.max(0, ...caps.map((cap) => (spent.get(cap) ?? 0) / cap.amount));
}
