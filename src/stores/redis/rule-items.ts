import type { OrderRule } from '../../guard/order.ts';
import type { ServedClaim } from '../../guard/served.ts';
import type { Claims } from '../../guard/state.ts';
import { type LimitRule, ruleNameOf, type UseResult } from '../../guard/use.ts';
import type { Names } from './names.ts';
import { shortName } from './places.ts';

const shortNames: string[] = [];

/** A rule's name in keys: short, and in every process the same. By its number here. */
export function nameOf(number: number): string {
  const known = shortNames[number] ?? shortName(ruleNameOf(number));
  shortNames[number] = known;
  return known;
}

/** Rules by session, as the script reads them; undefined for none. */
export function limitItems({ use, mayWait }: Claims) {
  const own = use.limits.filter(({ scope }) => scope === 'session');
  if (own.length === 0) return undefined;
  return own.map((rule) => [nameOf(rule.number), rule.interval, rule.depth, mayWait ? rule.wait : 0]);
}

export function concurrentItems({ use }: Claims) {
  const own = use.concurrent.filter(({ scope }) => scope === 'session');
  return own.length === 0 ? undefined : own.map((rule) => [nameOf(rule.number), rule.most]);
}

export const orderItems = (orders: readonly OrderRule[]) =>
  orders.map(({ number, after, within, notBefore, atMost }) => [
    nameOf(number),
    after.map((step) => nameOf(step.number)),
    within,
    notBefore,
    atMost,
  ]);

export const servedItems = (served: readonly ServedClaim[], names: Names) =>
  served.map(({ rule, id, otherwise }) => [nameOf(rule.number), names.print(id), otherwise]);

const ROUNDING = 0.001;

/** What the script found of the limits by session: how far each bucket is from full, in milliseconds. */
export function tellDebts({ used, use }: Claims, debts: readonly number[]): void {
  const own = use.limits.filter(({ scope }) => scope === 'session');
  for (const [index, rule] of own.entries()) {
    const debt = debts[index];
    if (debt === undefined) continue;
    used.delay = Math.max(used.delay, debt - rule.depth);
    note(used, rule, debt);
  }
}

/** Keeps what the rule with the fewest requests left says. */
function note(used: UseResult, rule: LimitRule, debt: number): void {
  const left = Math.max(0, Math.floor((rule.depth - debt) / rule.interval + ROUNDING));
  if (used.tightest !== null && used.left <= left) return;
  used.tightest = rule;
  used.left = left;
  used.fullIn = Math.ceil(debt / 1000);
}

/** Which limit had no room, and when it will. */
export function tellLimit({ used, use }: Claims, concurrent: boolean, index: number, excess: number): void {
  const rules = concurrent ? use.concurrent : use.limits;
  used.refusedBy = rules.filter(({ scope }) => scope === 'session')[index] ?? null;
  used.retryAfter = Math.max(1, Math.ceil(excess / 1000));
}

/** Which order was not kept: the step that is missing, or the time to wait. */
export function tellOrder({ used, orders }: Claims, index: number, step: number, left: number): void {
  used.missing = orders[index]?.after[step]?.name ?? '';
  if (left > 0) used.retryAfter = Math.ceil(left / 1000);
}
