import { isDeepStrictEqual } from 'node:util';
import { LEVELS } from './decision.ts';
import { bothChallenges } from './challenge.ts';
import { bothAddresses } from './config-addresses.ts';
import { namesMethod } from './form/field.ts';
import { EVERYBODY } from './rollout.ts';
import type { RouteRule } from './policy.ts';
import { bothUses, joined, shared } from './use.ts';
import type { RequestView } from './view.ts';

/** A query that may name `_method`, whatever of it is percent-encoded: looked for first, because most hold none. */
const MAY_NAME = /(?:m|%[46]d)(?:e|%[46]5)(?:t|%[57]4)(?:h|%[46]8)(?:o|%[46]f)(?:d|%[46]4)/i;
/** Stands for all methods that no row of the policy names: to the policy they are one. */
const OTHER = 'OTHER';

/**
 * Methods that frameworks may serve a request by besides its own, because `_method` in its query names them: upper
 * case, without its own. Every value counts, because backends differ in which of several they take; those that are not
 * `listed` count as one, so that there are never more than the policy has methods. Some backends part at `;` too.
 */
export function namedMethods(request: RequestView, listed: ReadonlySet<string>): readonly string[] {
  if (request.query === '' || !MAY_NAME.test(request.query)) return NONE;
  const named = new Set<string>();
  for (const [name, value] of new URLSearchParams(request.query.replaceAll(';', '&'))) {
    if (!namesMethod(name)) continue;
    const method = value.trim().toUpperCase();
    if (method !== '') named.add(listed.has(method) || method === request.method ? method : OTHER);
  }
  named.delete(request.method);
  return named.size === 0 ? NONE : [...named];
}

const NONE: readonly string[] = Object.freeze([]);

/**
 * Of two rules the one that asks for more, `second` where both ask the same: what a request says of itself can then
 * only narrow. A rule that merely reports asks for nothing, one that refuses everything asks for the most.
 */
export function stricterOf(first: RouteRule, second: RouteRule): RouteRule {
  return strictness(first) > strictness(second) ? first : second;
}

/**
 * The rule of a request that falls under two: the stricter one, and with it what the other asks of the person. Two
 * questions about a person have no order: one role is not more than another. Where they are for pages of two clients, nobody
 * may make it: no page is of both.
 */
export function bothOf(first: RouteRule, second: RouteRule): RouteRule {
  const rule = stricterOf(first, second);
  const other = rule === first ? second : first;
  const keys = sharedKeys(rule, other);
  const added = {
    unlisted: rule.unlisted || (other.level !== 'open' && other.client !== rule.client),
    addresses: bothAddresses(rule.addresses, other.addresses),
    use: bothUses(rule.use, other.use),
    choices: joined(rule.choices, other.choices),
    costs: joined(rule.costs, other.costs),
    challenge: bothChallenges(rule.challenge, other.challenge),
    orders: joined(rule.orders, other.orders),
    served: joined(rule.served, other.served),
    schemas: joined(rule.schemas, other.schemas),
    // What a call may say of itself only narrows: it is a step, and gives ids, where both say so.
    steps: shared(rule.steps, other.steps),
    sources: shared(rule.sources, other.sources),
    sealed: rule.sealed || other.sealed,
    whenUnsure: rule.whenUnsure === 'refuse' ? rule.whenUnsure : other.whenUnsure,
  };
  const also = [rule, ...rule.also].some((one) => asksTheSame(one, other)) ? [] : [other];
  if (also.length === 0 && other.also.length === 0 && keys === rule.keys && addsNothing(rule, added)) return rule;
  return Object.freeze({ ...rule, ...added, keys, also: [...rule.also, ...also, ...other.also] });
}

/** One rule for the same two, so that its pipeline is found again. */
export function remembered(combine: typeof bothOf): typeof bothOf {
  const known = new WeakMap<RouteRule, WeakMap<RouteRule, RouteRule>>();
  return (first, second) => {
    const seconds = known.get(first) ?? new WeakMap<RouteRule, RouteRule>();
    known.set(first, seconds);
    const rule = seconds.get(second) ?? combine(first, second);
    seconds.set(second, rule);
    return rule;
  };
}

/** What rules of use and schemas come to: a call that may be either is asked for both. */
type Added = Pick<
  RouteRule,
  | 'unlisted'
  | 'addresses'
  | 'use'
  | 'choices'
  | 'costs'
  | 'challenge'
  | 'orders'
  | 'steps'
  | 'served'
  | 'sources'
  | 'schemas'
  | 'sealed'
  | 'whenUnsure'
>;

const addsNothing = (rule: RouteRule, added: Added): boolean =>
  (Object.keys(added) as (keyof Added)[]).every((field) => added[field] === rule[field]);

const asksTheSame = (one: RouteRule, other: RouteRule): boolean =>
  (other.user === null || isDeepStrictEqual(one.user, other.user)) && (one.antiForgery || !other.antiForgery);

/** Only a key that may make either call. */
function sharedKeys({ keys }: RouteRule, other: RouteRule): RouteRule['keys'] {
  if (keys === null || other.keys === null) return null;
  return other.keys.every((scope) => keys.includes(scope)) ? keys : [...new Set([...keys, ...other.keys])];
}

function strictness(rule: RouteRule): number {
  const asked = rule.unlisted ? LEVELS.length : LEVELS.indexOf(rule.level);
  const eased = (rule.bodySigned ? 0 : 1) + (rule.encodedOpaque ? 1 : 0) + rule.sync.size + rule.carriers.size;
  const reach = rule.mode === 'report' ? 0 : rule.rollout / EVERYBODY;
  return reach * 1000 + asked * 100 - eased;
}
