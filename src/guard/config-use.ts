import type { Config, RouteConfig } from './config.ts';
import type { Level } from './decision.ts';
import { bothUses, type ConcurrentRule, type LimitRule, NO_USE, ruleNumber, type UseRules } from './use.ts';

/**
 * What a rule counts by. `session`, `subject` and `key` only ever count what was verified, and count nothing where the
 * request has none; `prefix` is the client's IPv4 address or IPv6 /56; `route` everybody's calls under one rule, `total`
 * everybody's calls under all of them.
 */
export type LimitScope = 'session' | 'subject' | 'key' | 'prefix' | 'route' | 'total';

export interface LimitConfig {
  /** `60/minute`: per second, minute, hour, day or week. */
  rate: string;
  /** Requests that may come at once. Default: what the rate allows in its span, `60` for `60/minute`. */
  burst?: number;
  /** Default `session`; where the route asks for none, `prefix`. Under the configuration's own `limit`, `total` in place of `route`. */
  per?: LimitScope;
  /** Seconds that a call may be held back in place of a refusal, 10 at most. Default 0. */
  wait?: number;
}

/** Requests open at a time, by what they are counted by. */
export type ConcurrentConfig = Partial<Record<LimitScope, number>>;

/** Seconds. */
const SPANS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** `60/minute`; null for anything else. */
export function parseRate(text: string): { readonly count: number; readonly seconds: number } | null {
  const [, count, span = ''] = /^([1-9]\d{0,8})\/([a-z]+)$/.exec(text) ?? [];
  const seconds = SPANS[span];
  return count === undefined || seconds === undefined ? null : { count: Number(count), seconds };
}

export const LONGEST_WAIT_SECONDS = 10;

/** What one route's rules of use come to, with those that the configuration has for all. */
export function compileUse(config: Config, route: RouteConfig | null, level: Level): UseRules {
  if (level === 'open') return route === null ? NO_USE : own(route, level);
  const common = usesOf('all', config.limit, config.concurrent, level);
  return route === null ? common : bothUses(own(route, level), common);
}

const own = (route: RouteConfig, level: Level): UseRules => usesOf(route.match, route.limit, route.concurrent, level);

function usesOf(
  where: string,
  limit: RouteConfig['limit'],
  concurrent: ConcurrentConfig | undefined,
  level: Level,
): UseRules {
  if (limit === undefined && concurrent === undefined) return NO_USE;
  return Object.freeze({
    limits: limitsOf(limit).map((one) => limitRule(where, one, level)),
    concurrent: Object.entries(concurrent ?? {}).map(([scope, most]) =>
      concurrentRule(where, scope as LimitScope, most),
    ),
  });
}

/** One limit, or several windows at once. */
export function limitsOf(limit: RouteConfig['limit']): readonly LimitConfig[] {
  if (limit === undefined) return [];
  return (Array.isArray(limit) ? limit : [limit]).map((one) => (typeof one === 'string' ? { rate: one } : one));
}

/** What a limit counts by where it does not say so. */
export const defaultScope = (level: Level): LimitScope => (level === 'open' || level === 'site' ? 'prefix' : 'session');

function limitRule(where: string, limit: LimitConfig, level: Level): LimitRule {
  const { count, seconds } = parseRate(limit.rate) ?? { count: 1, seconds: 1 };
  const { burst = count, per = defaultScope(level), wait = 0 } = limit;
  const name = `${where}: ${limit.rate} per ${per}`;
  const interval = (seconds * 1000) / count;
  return Object.freeze({
    number: ruleNumber(name),
    name,
    scope: per,
    interval,
    depth: interval * burst,
    wait: wait * 1000,
  });
}

/** One limit, named for what sets it. */
export const limitOf = (where: string, limit: LimitConfig): UseRules =>
  Object.freeze({ limits: [limitRule(where, limit, 'proof')], concurrent: NO_USE.concurrent });

function concurrentRule(where: string, scope: LimitScope, most: number): ConcurrentRule {
  const name = `${where}: concurrent per ${scope}`;
  return Object.freeze({ number: ruleNumber(name), name, scope, most });
}
