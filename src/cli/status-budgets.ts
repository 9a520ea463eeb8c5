import type { Spending } from '../guard/cost-watch.ts';
import { type Paint, table } from './terminal.ts';

/** What was spent, by budget. Null where nobody could say. */
export function formatBudgets(budgets: readonly Spending[] | null, paint: Paint): string {
  if (budgets === null)
    return `${paint.strong('Budgets')}\n  ${paint.bad('records cannot be reached: nobody may spend')}`;
  if (budgets.length === 0) return '';
  const rows = budgets.map(({ budget, currency, spent, amount }) => [
    budget,
    `${units(spent)} of ${units(amount)} ${currency} spent`,
    spent >= amount ? paint.careful('all of it') : `${Math.floor((spent / amount) * 100)} %`,
  ]);
  return `${paint.strong('Budgets')}, each over the span that ends now\n${table(rows)}`;
}

/** Two places, or as many as there are. */
const units = (amount: number): string => (Number.isInteger(amount * 100) ? amount.toFixed(2) : String(amount));
