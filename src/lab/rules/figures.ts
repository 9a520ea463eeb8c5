import type { Config, RouteConfig } from '../../guard/config.ts';
import { DEFAULT_SESSIONS, DEFAULT_THROTTLE, parseOdds } from '../../guard/config-behaviour.ts';
import { type BudgetConfig, budgetsOf } from '../../guard/config-budget.ts';
import type { LimitConfig, LimitScope } from '../../guard/config-use.ts';

/** The figures of the rules that are measured: the gate's own where policy has such a rule, else examples. */
export interface Figures {
  readonly session: Figure;
  readonly prefix: Figure;
  /** Seconds between two steps. */
  readonly notBefore: Figure<number>;
  readonly cost: Figure;
  readonly budget: Figure<BudgetConfig>;
  /** How rare a session has to look to be held to a rate, and to which one. */
  readonly throttled: Figure<{ readonly odds: string; readonly rate: string }>;
  /** How rare one has to look to be refused. */
  readonly unusual: Figure;
}

export interface Figure<Value = string> {
  readonly value: Value;
  /** Whether the gate's own policy says so, anywhere. */
  readonly own: boolean;
}

/** `60/minute` as a limit or `5 USD/day` as a budget stand in a policy; the first of each kind is taken. */
export function figuresOf(policy: Config): Figures {
  const routes = policy.routes ?? [];
  const limits = [policy, ...routes].flatMap(({ limit }) => [limit ?? []].flat()).map(toLimit);
  const session = limits.find(({ per }) => per === 'session')?.rate;
  const prefix = limits.find(({ per }) => per === 'prefix')?.rate;
  const paid = routes.find(({ cost }) => priceOf(cost) !== '');
  const budget = [...budgetsOf(policy.budget), ...budgetsOf(paid?.budget)].find(({ per = 'total' }) => isForAll(per));
  const whole = paid !== undefined && budget !== undefined;
  return {
    session: figure(session, '60/minute'),
    prefix: figure(prefix, '1000/hour'),
    notBefore: figure(routes.find(({ notBefore = 0 }) => notBefore > 0)?.notBefore, 2),
    // Both or none: they are in one currency.
    cost: figure(whole ? priceOf(paid.cost) : undefined, '0.01 USD'),
    budget: figure(whole ? { ...budget, per: 'total' } : undefined, { amount: '1 USD/day' }),
    ...oddsOf(policy),
  };
}

/** Rarer than the lab's own models can tell is not taken over. */
const MOST_ODDS = 10 * DEFAULT_SESSIONS;
const RARE = '1 in 1000';

function oddsOf({ behaviour = {} }: Config): Pick<Figures, 'throttled' | 'unusual'> {
  const { limit = '', refuse = '', throttle = DEFAULT_THROTTLE } = behaviour;
  const isKnown = (odds: string): boolean => parseOdds(odds) > 0 && parseOdds(odds) <= MOST_ODDS;
  return {
    throttled: figure(isKnown(limit) ? { odds: limit, rate: throttle } : undefined, {
      odds: RARE,
      rate: DEFAULT_THROTTLE,
    }),
    unusual: figure(isKnown(refuse) ? refuse : undefined, RARE),
  };
}

const figure = <Value>(own: Value | undefined, example: Value): Figure<Value> =>
  own === undefined ? { value: example, own: false } : { value: own, own: true };

const toLimit = (limit: string | LimitConfig): LimitConfig =>
  typeof limit === 'string' ? { rate: limit, per: 'session' } : { per: 'session', ...limit };

const isForAll = (scope: LimitScope): boolean => scope === 'total' || scope === 'route';

function priceOf(cost: RouteConfig['cost']): string {
  const most = typeof cost === 'object' ? cost.max : cost;
  return typeof most === 'string' ? most : '';
}
