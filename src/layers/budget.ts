import { NO_COSTS, OLD_SESSION_MS, type CostRule, type Reserve } from '../guard/budget.ts';
import { toCanRequest } from '../guard/can-request.ts';
import { readJsonObject } from '../guard/json-body.ts';
import { claimCaller } from '../guard/caller.ts';
import type { CostFunction } from '../guard/config-budget.ts';
import { PASS, refusal, type Refusal, type Verdict } from '../guard/decision.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { toMicro } from '../guard/money.ts';
import { compileParams, type Params } from '../guard/params.ts';
import { shownTicket } from '../guard/shown-ticket.ts';
import { subjectName } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';

import { within } from '../lib/within.ts';

const UNCLEAR = refusal('forbidden', 'a path whose `:names` can be told for certain');
const AMBIGUOUS = refusal('schema', 'a body that is a JSON object, no member of it named twice');
const NO_AMOUNT = refusal('unsure', 'a number of units from 0 on, from the route’s `cost`');

const PATIENCE_MS = 5000;

/**
 * What it may cost: claims the maximum, which is reserved when all else has been committed. Where the app's own code says
 * the maximum, it is asked here, and a body that two parsers could read differently is refused.
 */
export const budget: Layer = {
  name: 'budget',
  forRoute: ({ costs, pattern }) => {
    if (costs === NO_COSTS) return null;
    const fixed = fixedOf(costs);
    const paramsOf = compileParams(pattern);
    return (request, context) => {
      claimPayer(context);
      if (fixed !== null) {
        context.claims.reserves = fixed;
        return PASS;
      }
      const params = paramsOf(request.path);
      return params === null ? UNCLEAR : asked(costs, { request, context, params });
    };
  },
};

interface Call {
  readonly request: RequestView;
  readonly context: Context;
  readonly params: Params;
}

/** Shared by all calls of the route, where nothing of the call decides; null where something does. */
function fixedOf(costs: readonly CostRule[]): readonly Reserve[] | null {
  const reserves = costs.flatMap((rule) => (typeof rule.max === 'number' ? [{ rule, amount: rule.max }] : []));
  return reserves.length === costs.length ? Object.freeze(reserves) : null;
}

function claimPayer(context: Context): void {
  claimCaller(context);
  const { claims, subject, key } = context;
  claims.prefix = context.prefix;
  if (subject !== null) claims.subject = subjectName(subject);
  const began = (shownTicket(context)?.sessionCreated ?? context.cookieCreated) * 1000;
  const isOld = began > 0 && context.now - began >= OLD_SESSION_MS;
  claims.newcomer = subject === null && key === null && !isOld;
}

/** The body is read once and forwarded as it was read: what is judged here is what the backend gets. */
async function asked(costs: readonly CostRule[], call: Call): Promise<Verdict> {
  // Another layer's claims may be made while the body comes: these are this layer's.
  const { claims } = call.context;
  const reserves: Reserve[] = [];
  for (const rule of costs) {
    const amount = typeof rule.max === 'number' ? rule.max : await maximum(rule.max, rule, call);
    if (typeof amount !== 'number') return amount;
    reserves.push({ rule, amount });
  }
  claims.reserves = reserves;
  return PASS;
}

class AmbiguousBody extends Error {}

async function maximum(
  cost: CostFunction,
  rule: CostRule,
  { request, context, params }: Call,
): Promise<number | Refusal> {
  let units: unknown;
  const json = async (): Promise<unknown> => {
    const bytes = await context.content.read();
    if (bytes === null || bytes.length === 0) return undefined;
    const found = await readJsonObject(request, context.content);
    if (found === null) throw new AmbiguousBody();
    return found;
  };
  try {
    units = await within(cost({ ...toCanRequest(request, context, params), json }), PATIENCE_MS);
  } catch (error) {
    if (error instanceof AmbiguousBody) return AMBIGUOUS;
    throw error;
  }
  const amount = toMicro(units);
  if (amount !== null) return amount;
  context.evidence = `${rule.name}: ${typeof units === 'number' ? String(units) : typeof units}`;
  return NO_AMOUNT;
}
