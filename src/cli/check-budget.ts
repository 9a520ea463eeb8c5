import { type BudgetRule, type CostRule, NO_COSTS } from '../guard/budget.ts';
import { isForAll } from '../guard/config-budget.ts';
import type { Config } from '../guard/config.ts';
import { formatMoney } from '../guard/money.ts';
import type { Policy } from '../guard/policy.ts';
import { recordsOf } from '../guard/records-url.ts';
import { isShared, shownStateUrl } from '../guard/state-url.ts';

/** What calls cost, what they may cost together, and who may spend how much of it. Nothing where nothing costs anything. */
export function describeBudgets({ routes, config }: Policy): string[] {
  const costs = routes.flatMap((route) => (route.named && route.costs !== NO_COSTS ? route.costs : []));
  if (costs.length === 0) return [];
  const budgets = new Map(costs.flatMap(({ budgets: each }) => each.map((rule) => [rule.text, rule] as const)));
  const lines = [...budgets.values()].map((rule) => describeBudget(rule, costs));
  return [...costs.map(describeCost), ...lines, whereCounted(config)];
}

/** Records count, unless gates share state elsewhere; PostgreSQL goes before that (src/shared.ts). */
function whereCounted(config: Config): string {
  const records = recordsOf(config);
  if (isShared(config) && !records.startsWith('postgres'))
    return `counted in state, ${shownStateUrl(config.state ?? '')}: neither a restart of a gate nor a further gate raises a budget`;
  return records === 'memory'
    ? 'records are in memory: a restart forgets what was spent, and each process has a budget of its own'
    : 'counted in records: neither a restart nor a further process on the same records raises a budget';
}

function describeCost({ name, max, actual, currency }: CostRule): string {
  const most =
    typeof max === 'number'
      ? `at most ${formatMoney({ amount: max, currency })} a call`
      : 'what its function says, at most';
  return `${name}: ${most}${actual === null ? '' : '; less where the answer says so'}`;
}

function describeBudget(rule: BudgetRule, costs: readonly CostRule[]): string {
  const { text, cap, ofPrefix, ofNewcomers, ofStrangers, scope } = rule;
  const currency = costs.find(({ budgets }) => budgets.includes(rule))?.currency ?? '';
  const part = (amount: number): string => formatMoney({ amount, currency });
  if (!isForAll(scope)) return `${text}: a ${scope} alone`;
  const parts = [
    cap.even ? `${part(Math.ceil(cap.amount / 12))} released each 24th of the span` : 'all of it may be spent at once',
    ...(ofPrefix?.share == null ? [] : [`one network takes ${percent(ofPrefix.share.part)} of what others have left`]),
    ...(ofNewcomers === null ? [] : [`sessions younger than an hour take ${part(ofNewcomers.amount)} together`]),
    ...(ofStrangers === null ? [] : [`who is not logged in takes ${part(ofStrangers.amount)} together`]),
  ];
  return `${text}: ${parts.join('; ')}`;
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
