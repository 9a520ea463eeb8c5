import { foldPath } from '../../wire/fold.ts';
import { parseRoute } from '../../wire/pattern.ts';
import type { Config } from '../config.ts';
import { type ConfigProblem, ConfigError } from '../errors.ts';
import type { Policy, RouteRule } from '../policy.ts';
import { sampleOf } from '../row-match.ts';
import type { Documented } from './openapi.ts';
import { openapiName } from './rule.ts';

/** One call that the OpenAPI document lists. */
export interface DocumentedCall {
  readonly match: string;
  /** Name of the rule that it falls under. */
  readonly route: string;
  /**
   * `checked` by the document; `own`: by a schema of the route's own; `unchecked`, because the route says so; `refused`,
   * because no route lists it; `outside` of what is protected.
   */
  readonly how: 'checked' | 'own' | 'unchecked' | 'refused' | 'outside';
}

const MOST_NAMED = 10;

/**
 * Where each call of a document falls in a policy.
 *
 * @throws ConfigError where one would be taken unchecked though nobody said so
 */
export function placed(
  documented: readonly Documented[],
  { config, match }: { readonly config: Config; readonly match: Policy['match'] },
): readonly DocumentedCall[] {
  const problems: ConfigProblem[] = [];
  const calls = documented.map((operation): DocumentedCall => {
    const { method, pattern } = parseRoute(operation.match);
    const path = sampleOf(pattern);
    const rule = match(method, path, foldPath(path));
    const how = howOf(rule, config);
    if (how === null) problems.push({ field: 'openapi', value: `"${operation.match}"`, rule: toldOf(rule) });
    return { match: operation.match, route: rule.name, how: how ?? 'unchecked' };
  });
  const more = problems.length - MOST_NAMED;
  if (more > 0) problems.splice(MOST_NAMED, more, { field: 'openapi', value: `${more} more calls`, rule: 'list them' });
  if (problems.length > 0) throw new ConfigError('config', problems);
  return Object.freeze(calls);
}

/** Null where a rule takes the call, and holds it to nothing. */
function howOf(rule: RouteRule, { routes = [] }: Config): DocumentedCall['how'] | null {
  if (rule.unlisted) return 'refused';
  if (rule.schemas.some(({ name }) => name === openapiName(rule.name))) return 'checked';
  const schema = rule.named ? routes.find(({ match }) => match === rule.name)?.schema : undefined;
  if (schema !== undefined) return schema === false ? 'unchecked' : 'own';
  return rule.level === 'open' && !rule.named ? 'outside' : null;
}

const toldOf = ({ name, named }: RouteRule): string =>
  named
    ? `the route "${name}" would take it unchecked; list this call before it as a route of its own, or write schema: false there`
    : `"${name}" would take it unchecked; list this call in routes`;
