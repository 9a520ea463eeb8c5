import type { OrderRule } from '../guard/order.ts';
import type { Policy, RouteRule } from '../guard/policy.ts';
import type { ServedRule } from '../guard/served.ts';
import type { ConcurrentRule, LimitRule } from '../guard/use.ts';

/** What a route's rules of use come to, a line for each. */
export function describeUse({ use, orders, served }: RouteRule): readonly string[] {
  return [
    ...use.limits.map(limitLine),
    ...use.concurrent.map(concurrentLine),
    ...orders.flatMap(orderLines),
    ...served.map(servedLine),
  ];
}

/** What deserves a second look. */
export function useNotes({ level, use }: RouteRule): readonly string[] {
  if (level !== 'session' && level !== 'proof') return [];
  const shared = [...use.limits, ...use.concurrent].filter(({ scope }) => scope === 'prefix');
  return shared.map(
    (rule) =>
      `${ruleOf(rule)} counts everybody behind one address together, an office or a school; per "session" tells them apart`,
  );
}

/** `POST /api/chat: 20/minute per session` without the route, which stands before it. */
const ruleOf = ({ name }: LimitRule | ConcurrentRule): string => name.slice(name.lastIndexOf(': ') + 2);

const isCommon = ({ name }: LimitRule | ConcurrentRule): boolean => name.startsWith('all: ');

const together = (rule: LimitRule | ConcurrentRule): string => (isCommon(rule) ? ', all routes together' : '');

const burstOf = ({ depth, interval }: LimitRule): number => Math.round(depth / interval);

function limitLine(rule: LimitRule): string {
  const text = ruleOf(rule);
  const burst = text.startsWith(`${burstOf(rule)}/`) ? '' : `, ${figure(burstOf(rule))} at once`;
  const wait = rule.wait === 0 ? '' : `, held back up to ${rule.wait / 1000} s`;
  return `limit ${text}${burst}${wait}${together(rule)}`;
}

const concurrentLine = (rule: ConcurrentRule): string =>
  `${figure(rule.most)} open at a time per ${rule.scope}${together(rule)}`;

function orderLines({ after, within, notBefore, atMost }: OrderRule): string[] {
  const since = after.length === 0 ? 'in a session' : 'since then';
  const parts = [
    ...(after.length === 0 ? [] : [`after ${after.map(({ name }) => name).join(' and ')}`]),
    ...(within === 0 ? [] : [`within ${within / 1000} s`]),
    ...(notBefore === 0 ? [] : [`not before ${notBefore / 1000} s`]),
    ...(atMost === 0 ? [] : [atMost === 1 ? `once ${since}` : `${figure(atMost)} times ${since}`]),
  ];
  return [parts.join(', ')];
}

function servedLine({ name, linked }: ServedRule): string {
  const links = linked === 0 ? '' : `, or named by the page’s address (${linked} a minute)`;
  return `ids ${name}${links}`;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** What one network prefix can take of each route, by every session it may open there; the same figures stand together. */
export function oneAddressTakes(policy: Policy): string[] {
  const routes = policy.routes.filter(({ unlisted, level, use }) => !unlisted && (level !== 'open' || hasBound(use)));
  const lines = Map.groupBy(routes, (rule) => takes(rule, policy));
  return [...lines].map(([line, rules]) => `${listed(rules)}: ${line}`);
}

const hasBound = ({ limits }: RouteRule['use']): boolean => limits.some(({ scope }) => BOUNDS.has(scope));

/** Who is logged in, or has a key, is known by name: neither says anything of an address. */
const BOUNDS: ReadonlySet<string> = new Set(['session', 'prefix', 'route', 'total']);

function takes(rule: RouteRule, policy: Policy): string {
  const [hour, day] = [callsIn(HOUR, rule, policy), callsIn(DAY, rule, policy)];
  if (hour === Number.POSITIVE_INFINITY) return 'no limit bounds the calls of its sessions';
  return `at most ${figure(hour)} calls in its first hour, ${figure(day)} in its first day`;
}

/** Calls in the first so many minutes of somebody who opens every session that there is to be had. */
function callsIn(minutes: number, { use, level }: RouteRule, { mint, session }: Policy): number {
  const of = (scopes: readonly string[]) => use.limits.filter(({ scope }) => scopes.includes(scope));
  const [own, shared] = [of(['session']), of(['prefix', 'route', 'total'])];
  const together = within(minutes, shared);
  if (level === 'open' || level === 'site' || own.length === 0) return together;
  const life = session.max / 60;
  const each = (from: number): number => within(Math.min(minutes - from, life), own);
  // A bucket full at the start, what runs into it from then on, and the crowd of those who waited, which is worth as many.
  let calls = 2 * mint.perPrefix * within(minutes, own);
  for (let minute = 0; minute < minutes; minute++) calls += mint.perPrefix * each(minute);
  return Math.min(together, calls);
}

const within = (minutes: number, limits: readonly LimitRule[]): number =>
  Math.min(...limits.map(({ depth, wait, interval }) => Math.floor((depth + wait + minutes * 60_000) / interval)));

function listed(rules: readonly RouteRule[]): string {
  const rest = rules.length - 4;
  const names = rules.slice(0, 4).map(({ name }) => name);
  return `${names.join(' · ')}${rest > 0 ? ` · and ${rest} more` : ''}`;
}

const figure = (number: number): string => number.toLocaleString('en');
