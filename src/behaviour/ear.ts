import { BAN_CODES } from '../guard/ban-codes.ts';
import type { BehaviourWatch } from '../guard/behaviour.ts';
import type { Decision, TrailStep } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';

/**
 * What of a decision is for the model: calls that the page's own key signed, to routes of the app. A cookie alone, a key, a bot,
 * the gate's own addresses, a proof in a URL that media use again: none of it teaches or is judged.
 */
export function createEar(
  watch: BehaviourWatch,
  policy: () => Policy,
): (decision: Decision, request: RequestView) => void {
  return (decision, request) => {
    const { grounds, level, route, outcome, trail, openFor } = decision;
    const context = grounds?.context;
    if (context === undefined || context.ticket === null || level !== 'proof' || openFor !== undefined) return;
    if (context.proof?.repeatable === true || context.key !== null || route === policy().ownRoute) return;
    const heard = { session: context.ticket, request, route, prefix: decision.prefix, now: context.now };
    if (trail.some(isTheirs)) watch.refused(heard);
    if (outcome === 'admit') watch.called(heard);
  };
}

/** Refusals that only whoever signed can have brought about, and this model has not. */
const isTheirs = ({ layer, code }: TrailStep): boolean => layer !== 'behaviour' && BAN_CODES[code].counts;
