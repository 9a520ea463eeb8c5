import * as z from 'zod/mini';
import type { Config, RouteConfig } from './config.ts';
import type { Rule } from './config-rules.ts';
import { choice, fields, list, optional, text, whole } from './config-schema-parts.ts';
import { type LimitConfig, type LimitScope, LONGEST_WAIT_SECONDS, limitsOf, parseRate } from './config-use.ts';
import type { ConfigProblem } from './errors.ts';

export const rate: Rule = (value) =>
  parseRate(value) === null ? 'write a number and a span, as in 60/minute: second, minute, hour, day or week' : '';

const WAIT = `write seconds, up to ${LONGEST_WAIT_SECONDS}`;

const limitObject = fields({
  rate: text(rate),
  burst: optional(whole(1, 'requests')),
  per: optional(choice('session', 'subject', 'key', 'prefix', 'route', 'total')),
  wait: optional(z.number(WAIT).check(z.gte(0, WAIT), z.lte(LONGEST_WAIT_SECONDS, WAIT))),
});

const FORMS =
  'write a rate, as in "60/minute", an object, as in { rate: "60/minute", per: "session" }, or a list of them';
const oneLimit = z.union([text(rate), limitObject], FORMS);

/** The shape of `limit`. */
export const limitSchema = z.union([text(rate), limitObject, list(oneLimit, FORMS)], FORMS);

const most = optional(whole(1, 'requests'));

/** The shape of {@link import('./config-use.ts').ConcurrentConfig}. */
export const concurrentSchema = fields({
  session: most,
  subject: most,
  key: most,
  prefix: most,
  route: most,
  total: most,
});

/** Rules that could not be kept, or count nothing. */
export function useProblems(config: Config): ConfigProblem[] {
  const problems = scopesAt('', config.limit, config.concurrent, (scope) =>
    scope === 'route' ? 'this holds for all routes; write "total", or put it into a route' : '',
  );
  for (const [index, route] of (config.routes ?? []).entries()) {
    problems.push(
      ...scopesAt(`routes[${index}].`, route.limit, route.concurrent, (scope) => routeRule(config, route, scope)),
    );
  }
  return problems;
}

function scopesAt(
  at: string,
  limit: RouteConfig['limit'],
  concurrent: RouteConfig['concurrent'],
  broken: (scope: LimitScope) => string,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [index, { per }] of limitsOf(limit).entries()) {
    const rule = per === undefined ? '' : broken(per);
    const field = `${at}limit${Array.isArray(limit) ? `[${index}]` : ''}.per`;
    if (rule !== '') problems.push({ field, value: JSON.stringify(per), rule });
  }
  problems.push(...repeated(at, limitsOf(limit)));
  for (const [scope, most] of Object.entries(concurrent ?? {})) {
    const rule = broken(scope as LimitScope);
    if (rule !== '') problems.push({ field: `${at}concurrent.${scope}`, value: String(most), rule });
  }
  return problems;
}

/** Two limits of one rate would count in one bucket. */
function repeated(at: string, limits: readonly LimitConfig[]): ConfigProblem[] {
  const seen = new Set<string>();
  return limits.flatMap(({ rate, per = '' }, index) => {
    const known = seen.has(`${rate} ${per}`);
    seen.add(`${rate} ${per}`);
    if (!known) return [];
    return [{ field: `${at}limit[${index}]`, value: JSON.stringify(rate), rule: 'this rate stands here already' }];
  });
}

function routeRule(config: Config, route: RouteConfig, scope: LimitScope): string {
  if (scope === 'total') return 'one route is not all of them; write "route", or put it beside routes';
  if (scope === 'session' && (route.level === 'open' || route.level === 'site')) {
    return `level "${route.level}" asks for no session; write "prefix" or "route", or raise the level`;
  }
  if (scope === 'subject' && config.login === undefined) return 'nobody can log in here; write login as well';
  if (scope === 'key' && route.keys === undefined) return 'no API key opens this route; write keys as well';
  return '';
}
