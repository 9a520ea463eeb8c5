import * as z from 'zod/mini';
import type { Config, RouteConfig } from './config.ts';
import {
  type BudgetConfig,
  budgetsOf,
  type CostDetails,
  type CostFunction,
  type DegradeConfig,
  isForAll,
  keptOf,
} from './config-budget.ts';
import type { Rule } from './config-rules.ts';
import { aFunction, choice, fields, list, optional, text } from './config-schema-parts.ts';
import type { LimitScope } from './config-use.ts';
import type { ConfigProblem } from './errors.ts';
import { formatMoney, type Money, parseAllowance, parseMoney } from './money.ts';

const money: Rule = (value) =>
  parseMoney(value) === null ? 'write an amount above 0 and a currency, as in 0.01 USD' : '';
const allowance: Rule = (value) =>
  parseAllowance(value) === null
    ? 'write an amount, a currency and a span, as in 5 USD/day: minute, hour, day, week or month'
    : '';

const COST = 'write an amount, as in "0.01 USD", or an object, as in { max: "0.05 USD", actual: (answer) => … }';

/** The shape of {@link import('./config-budget.ts').CostConfig}. */
export const costSchema = z.union(
  [
    text(money),
    fields({
      max: z.union(
        [text(money), aFunction<CostFunction>('write a function, as in (request) => 0.05')],
        'write an amount, as in "0.05 USD", or a function of the request that returns units of the currency',
      ),
      actual: optional(
        aFunction<NonNullable<CostDetails['actual']>>('write a function, as in (answer) => answer.json().usage.cost'),
      ),
    }),
  ],
  COST,
);

const PART = 'write a part between 0 and 1, as in 0.1';
const part = z.number(PART).check(z.gte(0, PART), z.lte(1, PART));

const budgetObject = fields({
  amount: text(allowance),
  per: optional(choice('session', 'subject', 'key', 'prefix', 'route', 'total')),
  share: optional(part.check(z.gt(0, PART))),
  keep: optional(
    z.union(
      [part.check(z.lt(1, PART)), fields({ older: optional(part), subjects: optional(part) })],
      'write a part between 0 and 1, as in 0.2, or an object, as in { older: 0.1, subjects: 0.2 }',
    ),
  ),
  release: optional(choice('even', 'at-once')),
  warnAt: optional(part),
});

/** The shape of {@link import('./config-budget.ts').DegradeConfig}. */
export const degradeSchema = fields({
  at: part,
  by: aFunction<DegradeConfig['by']>('write a function, as in () => ({ answer: { busy: true } })'),
});

const BUDGET =
  'write an allowance, as in "5 USD/day", an object, as in { amount: "5 USD/day", per: "session" }, or a list of them';

/** The shape of {@link import('./config-budget.ts').BudgetsConfig}. */
export const budgetSchema = z.union(
  [text(allowance), budgetObject, list(z.union([text(allowance), budgetObject], BUDGET), BUDGET)],
  BUDGET,
);

const problem = (field: string, value: unknown, rule: string): ConfigProblem => ({
  field,
  value: typeof value === 'function' ? 'a function' : JSON.stringify(value),
  rule,
});

/** Budgets that could not be kept, count nothing, or let nobody through. */
export function budgetProblems(config: Config): ConfigProblem[] {
  const routes = config.routes ?? [];
  const problems = [...currencies(config), ...eachBudget('', config.budget, config, null)];
  if (config.budget !== undefined && !routes.some(({ cost }) => cost !== undefined))
    problems.push(problem('budget', config.budget, 'nothing here costs anything; write cost into a route'));
  for (const [index, route] of routes.entries()) {
    const at = `routes[${index}].`;
    problems.push(...eachBudget(at, route.budget, config, route));
    if (route.cost === undefined) {
      if (route.degrade !== undefined)
        problems.push(problem(`${at}degrade`, 'an object', 'this call costs nothing; write cost as well'));
      if (route.budget !== undefined)
        problems.push(problem(`${at}budget`, route.budget, 'what a call costs is not said; write cost as well'));
      continue;
    }
    problems.push(...costProblems(at, route, config));
  }
  return problems;
}

/** Amounts of different currencies cannot be compared. */
function currencies(config: Config): ConfigProblem[] {
  const named: { readonly field: string; readonly text: string; readonly currency: string }[] = [];
  const note = (field: string, text: string, found: Money | null): void => {
    if (found !== null) named.push({ field, text, currency: found.currency });
  };
  const noteAll = (at: string, { budget, cost }: Pick<RouteConfig, 'budget' | 'cost'>): void => {
    for (const [field, one] of fieldsOf(at, budget)) note(field, one.amount, parseAllowance(one.amount));
    const max = typeof cost === 'object' ? cost.max : cost;
    if (typeof max === 'string') note(`${at}cost${typeof cost === 'object' ? '.max' : ''}`, max, parseMoney(max));
  };
  noteAll('', { ...(config.budget === undefined ? {} : { budget: config.budget }) });
  for (const [index, route] of (config.routes ?? []).entries()) noteAll(`routes[${index}].`, route);
  const [first, ...others] = named;
  return others
    .filter(({ currency }) => currency !== first?.currency)
    .map(({ field, text: value }) =>
      problem(field, value, `all amounts are in one currency; write ${first?.currency}`),
    );
}

/** Each budget with the name of its field. */
function fieldsOf(at: string, budget: RouteConfig['budget']): (readonly [field: string, budget: BudgetConfig])[] {
  return budgetsOf(budget).map((one, index) => [`${at}budget${Array.isArray(budget) ? `[${index}]` : ''}`, one]);
}

function eachBudget(
  at: string,
  budget: RouteConfig['budget'],
  config: Config,
  route: RouteConfig | null,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [field, one] of fieldsOf(at, budget)) {
    const per = one.per ?? (route === null ? 'total' : 'route');
    const rule = route === null ? commonRule(per) : routeRule(config, route, per);
    if (rule !== '') problems.push(problem(`${field}.per`, per, rule));
    problems.push(...partProblems(field, one, per));
    const same = `${parseAllowance(one.amount)?.span} per ${per}`;
    if (seen.has(same))
      problems.push(problem(field, one.amount, `there is one for each ${same} already; the smaller one is enough`));
    seen.add(same);
  }
  return problems;
}

const commonRule = (per: LimitScope): string =>
  per === 'route' ? 'this holds for all routes; write "total", or put it into a route' : '';

function routeRule(config: Config, route: RouteConfig, per: LimitScope): string {
  if (per === 'total') return 'one route is not all of them; write "route", or put it beside routes';
  if (per === 'session' && (route.level === 'open' || route.level === 'site'))
    return `level "${route.level}" asks for no session; write "prefix" or "route", or raise the level`;
  if (per === 'subject' && config.login === undefined) return 'nobody can log in here; write login as well';
  if (per === 'key' && route.keys === undefined) return 'no API key opens this route; write keys as well';
  return '';
}

function partProblems(field: string, budget: BudgetConfig, per: LimitScope): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (!isForAll(per)) {
    for (const name of ['share', 'keep'] as const) {
      if (budget[name] !== undefined)
        problems.push(
          problem(`${field}.${name}`, budget[name], `a budget per ${per} is nobody else’s; leave this out`),
        );
    }
    return problems;
  }
  const { older, subjects } = keptOf(budget);
  if (older + subjects >= 1)
    problems.push(
      problem(`${field}.keep`, budget.keep, 'this keeps all of it from newcomers; write parts that leave some'),
    );
  return problems;
}

/** A call that fits into no budget would never be made; one that falls under none would be free. */
function costProblems(at: string, route: RouteConfig, config: Config): ConfigProblem[] {
  const { cost } = route;
  const max = typeof cost === 'object' ? cost.max : cost;
  const field = `${at}cost${typeof cost === 'object' ? '.max' : ''}`;
  const budgets = [
    ...budgetsOf(route.budget).map((one) => ({ ...one, per: one.per ?? ('route' as const) })),
    ...budgetsOf(config.budget).map((one) => ({ ...one, per: one.per ?? ('total' as const) })),
  ];
  if (!budgets.some(({ per }) => isForAll(per)))
    return [
      problem(
        `${at}cost`,
        max,
        'no budget bounds what all calls cost together; write budget: "5 USD/day", here or beside routes',
      ),
    ];
  const most = typeof max === 'string' ? parseMoney(max) : null;
  if (most === null) return [];
  return budgets.flatMap((budget) => {
    const { older, subjects } = isForAll(budget.per) ? keptOf(budget) : { older: 0, subjects: 0 };
    const given = parseAllowance(budget.amount);
    const amount = Math.floor((given?.amount ?? 0) * (1 - older - subjects));
    if (given === null || most.amount <= amount) return [];
    const left = formatMoney({ ...given, amount });
    return [
      problem(field, max, `no call fits into ${budget.amount} per ${budget.per}, which leaves ${left} to a newcomer`),
    ];
  });
}
