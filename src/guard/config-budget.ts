import type { CanRequest } from './can-request.ts';
import type { Config, RouteConfig } from './config.ts';
import type { LimitScope } from './config-use.ts';
import { type BudgetRule, type CostRule, NO_COSTS } from './budget.ts';
import type { Cap } from './ledger.ts';
import { BUDGET_SPANS, formatMoney, parseAllowance, parseMoney } from './money.ts';
import { ruleNumber } from './use.ts';

/** What one call costs: `0.01 USD`, or at most this and what the answer says. */
export type CostConfig = string | CostDetails;

/** Units of the budgets' currency that this call costs at most. A throw, and what is no number from 0 on, refuses it. */
export type CostFunction = (request: CanRequest) => number | Promise<number>;

export interface CostDetails {
  /** What a call costs at most; reserved before it is made. */
  max: string | CostFunction;
  /**
   * What it did cost, in units of the currency: asked when the answer has ended. The rest of the maximum is given back.
   * Undefined, a throw, and an answer that broke off leave it at the maximum. Default: the maximum.
   */
  actual?: (answer: AnswerFacts) => number | undefined | Promise<number | undefined>;
}

/** What {@link CostDetails.actual} may know of an answer. */
export interface AnswerFacts {
  readonly status: number;
  /** The first value of this field; '' without one. */
  header(name: string): string;
  /**
   * The whole answer where it is JSON of at most 64 KiB; of an event stream the last event whose data is JSON; else
   * undefined.
   */
  json(): unknown;
  /** Data of the events in the last 64 KiB of an event stream that is JSON, in order. */
  events(): readonly unknown[];
}

/** What becomes of a call when most of a budget is spent. */
export interface DegradeConfig {
  /** Part of a budget, this call's included, from which on {@link by} is asked. */
  at: number;
  /** Undefined leaves the call as it is. A throw refuses it. */
  by: (request: CanRequest) => Degraded | undefined | Promise<Degraded | undefined>;
}

/** JSON in place of the client's body, or in place of the backend's answer, which then costs nothing. */
export type Degraded = { readonly body: unknown } | { readonly answer: unknown };

export interface BudgetConfig {
  /** What may be spent in any span: `5 USD/day`; per minute, hour, day, week or month (30 days). */
  amount: string;
  /** Default `total` beside routes, `route` in one. */
  per?: LimitScope;
  /** Part of what others have left that one IPv4 address or IPv6 /56 may take. Budgets for all only. Default 0.1; 1 for all of it. */
  share?: number;
  /**
   * Part that is kept for sessions older than an hour and for people who are logged in, or for these alone. Budgets for
   * all only. Default 0.2.
   */
  keep?: number | KeepConfig;
  /** Whether all of it may be spent at once, or a twelfth for each 24th of the span. Default `even` for all together, else `at-once`. */
  release?: 'even' | 'at-once';
  /** Part of it at which the log and the metrics say so. Default 0.8. */
  warnAt?: number;
}

export interface KeepConfig {
  /** For sessions older than an hour and people who are logged in. Default 0. */
  older?: number;
  /** For people who are logged in. Default 0. */
  subjects?: number;
}

export type BudgetsConfig = string | BudgetConfig | (string | BudgetConfig)[];

const DEFAULT_SHARE = 0.1;
const DEFAULT_KEEP = 0.2;
const DEFAULT_WARNING = 0.8;

/** One budget, or several at once. */
export function budgetsOf(budget: BudgetsConfig | undefined): readonly BudgetConfig[] {
  if (budget === undefined) return [];
  return (Array.isArray(budget) ? budget : [budget]).map((one) => (typeof one === 'string' ? { amount: one } : one));
}

/** Whether a budget counts everybody's calls together. */
export const isForAll = (scope: LimitScope): boolean => scope === 'total' || scope === 'route';

/** Parts of a budget that are kept, both between 0 and 1. */
export function keptOf({ keep = DEFAULT_KEEP }: BudgetConfig): Required<KeepConfig> {
  const { older = 0, subjects = 0 } = typeof keep === 'number' ? { older: keep } : keep;
  return { older, subjects };
}

/** What calls of a route cost, and whom; {@link NO_COSTS} where they cost nothing. */
export function compileCosts(config: Config, { match, cost, budget }: RouteConfig): readonly CostRule[] {
  if (cost === undefined) return NO_COSTS;
  const { max, actual = null } = typeof cost === 'string' ? { max: cost } : cost;
  const budgets = [
    ...budgetsOf(budget).map((one) => budgetRule(match, one, 'route')),
    ...budgetsOf(config.budget).map((one) => budgetRule('all', one, 'total')),
  ];
  const name = `cost of ${match}`;
  const currency = parseAllowance(budgetsOf(budget)[0]?.amount ?? budgetsOf(config.budget)[0]?.amount ?? '')?.currency;
  return Object.freeze([
    Object.freeze({
      number: ruleNumber(name),
      name,
      currency: currency ?? '',
      max: typeof max === 'string' ? (parseMoney(max)?.amount ?? 0) : max,
      actual,
      budgets,
    }),
  ]);
}

function budgetRule(where: string, budget: BudgetConfig, otherwise: LimitScope): BudgetRule {
  const allowance = parseAllowance(budget.amount) ?? { amount: 0, currency: '', span: 'day' };
  const { per = otherwise, share = DEFAULT_SHARE, warnAt = DEFAULT_WARNING } = budget;
  const forAll = isForAll(per);
  const { older, subjects } = forAll ? keptOf(budget) : { older: 0, subjects: 0 };
  const { amount, currency, span } = allowance;
  // The amount is no part of the name: whoever raises it has not forgotten what was spent.
  const name = `${where}: ${currency} per ${per}, ${span}`;
  const cap: Cap = Object.freeze({
    name,
    span: (BUDGET_SPANS[span] ?? 0) * 1000,
    amount,
    even: (budget.release ?? (forAll ? 'even' : 'at-once')) === 'even',
    share: null,
  });
  const part = (of: string, kept: number): Cap | null =>
    kept === 0 ? null : Object.freeze({ ...cap, name: `${name}, ${of}`, amount: Math.floor(amount * (1 - kept)) });
  return Object.freeze({
    text: `${where}: ${formatMoney(allowance)}/${span} per ${per}`,
    scope: per,
    warnAt,
    cap,
    ofPrefix:
      forAll && share < 1
        ? Object.freeze({ ...cap, name: `${name}, one prefix`, even: false, share: { part: share, of: cap } })
        : null,
    ofNewcomers: part('newcomers', older + subjects),
    ofStrangers: part('strangers', subjects),
  });
}
