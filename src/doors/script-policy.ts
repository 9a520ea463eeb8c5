import type { Policy, RouteRule } from '../guard/policy.ts';
import { parseRoute } from '../wire/pattern.ts';
import { DIGEST_SLICE_BYTES, WHOLE_DIGEST_BYTES } from '../wire/constants.ts';
import type { ScriptConfig, ScriptRoute } from '../wire/script-config.ts';

/**
 * What the page's script is told of the policy: which calls are covered and what is unusual about them. Nothing in
 * it differs between visitors, and nothing is secret.
 */
export function scriptPolicy(policy: Policy, client: string): Omit<ScriptConfig, 'chunks'> {
  return {
    mount: policy.mount,
    client,
    protect: policy.config.protect ?? ['/api/**'],
    open: policy.config.open ?? [],
    origins: [],
    ...(policy.config.login !== undefined || policy.session.bind === 'always' ? { bound: true } : {}),
    ...(policy.config.sealed === true ? { sealed: true } : {}),
    ...(policy.config.behaviour?.interaction === true ? { interaction: true } : {}),
    whole: WHOLE_DIGEST_BYTES,
    slice: DIGEST_SLICE_BYTES,
    routes: withoutNeedless(
      policy,
      policy.routes
        .filter((rule) => rule.named && rule.client.name === client)
        .map((rule) => toScriptRoute(rule, policy.config.sealed === true)),
    ),
  };
}

/**
 * Where calls are sealed, the script is not to be their list: rows that say what a protected pattern says anyway are left
 * out, as far as none stands behind them that they might go before.
 */
function withoutNeedless({ seals, config }: Policy, routes: ScriptRoute[]): readonly ScriptRoute[] {
  if (!seals) return routes;
  const prefixes = (config.protect ?? ['/api/**']).filter((text) => /^\/[\w/.-]*\/\*\*$/.test(text));
  const isCovered = (pattern: string): boolean => prefixes.some((text) => pattern.startsWith(text.slice(0, -2)));
  const last = routes.findLastIndex((route) => {
    const { match, ...own } = route;
    return Object.keys(own).length > 0 || !isCovered(parseRoute(match).pattern);
  });
  return routes.slice(0, last + 1);
}

function toScriptRoute(rule: RouteRule, sealed: boolean): ScriptRoute {
  return {
    match: rule.name,
    ...(rule.level === 'proof' ? {} : { level: rule.level }),
    ...(rule.bodySigned ? {} : { body: 'unsigned' as const }),
    ...(rule.sealed === sealed ? {} : { sealed: rule.sealed }),
    ...(rule.sync.size > 0 ? { sync: [...rule.sync] } : {}),
    ...(rule.carriers.size > 0 ? { carriers: [...rule.carriers] } : {}),
    ...(rule.signed.length > 0 ? { signed: rule.signed } : {}),
  };
}
