import * as z from 'zod/mini';
import type { Config, RouteConfig } from './config.ts';
import * as rules from './config-rules.ts';
import { didYouMean, list, text } from './config-schema-parts.ts';
import type { ConfigProblem } from './errors.ts';
import { stepsNamed } from './order.ts';

const AFTER = 'write the match of another route, as in "POST /api/cart", or a list of them';

/** The shape of `after`. */
export const afterSchema = z.union([text(rules.route), list(text(rules.route), AFTER)], AFTER);

/** Orders that nobody could keep, and those that ask nothing. */
export function orderProblems({ routes = [] }: Config): ConfigProblem[] {
  const known = routes.map(({ match }) => match);
  return routes.flatMap((route, index) =>
    problemsOf(route, known).map(([field, rule]) => ({
      field: `routes[${index}].${field}`,
      value: JSON.stringify(route[field]),
      rule,
    })),
  );
}

type OrderField = 'after' | 'within' | 'notBefore' | 'atMost' | 'once';

function problemsOf(route: RouteConfig, known: readonly string[]): [OrderField, string][] {
  const problems: [OrderField, string][] = [];
  const { within = 0, notBefore = 0, level } = route;
  const steps = stepsNamed(route);
  for (const step of steps) {
    const meant = didYouMean(step, known);
    if (!known.includes(step)) problems.push(['after', `no route has the match "${step}"${meant}`]);
    else if (step === route.match) problems.push(['after', 'a route cannot come after itself']);
  }
  if (steps.length === 0) {
    for (const field of ['within', 'notBefore'] as const) {
      if (route[field] !== undefined) problems.push([field, 'this counts from a step; write after as well']);
    }
  }
  if (within > 0 && notBefore >= within) problems.push(['notBefore', `within ${within} s there is no time for that`]);
  if (route.once !== undefined && route.atMost !== undefined) {
    problems.push(['once', 'atMost says how often; leave one out']);
  }
  const asked = (['after', 'atMost', 'once'] as const).find((field) => route[field] !== undefined);
  if (asked !== undefined && (level === 'open' || level === 'site')) {
    problems.push([asked, `level "${level}" asks for no session, whose steps could be known; raise the level`]);
  }
  return problems;
}
