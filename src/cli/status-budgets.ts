import type { Spending } from '../guard/cost-watch.ts';
import { type LedgerLosses, NO_LOSSES } from '../guard/ledger.ts';
import { count, type Paint, table } from './terminal.ts';

/** What was spent, by budget. Null where nobody could say. */
export function formatBudgets(budgets: readonly Spending[] | null, paint: Paint, losses = NO_LOSSES): string {
  if (budgets === null)
    return `${paint.strong('Budgets')}\n  ${paint.bad('records cannot be reached: nobody may spend')}`;
  if (budgets.length === 0) return '';
  const rows = budgets.map(({ budget, currency, spent, amount }) => [
    budget,
    `${units(spent)} of ${units(amount)} ${currency} spent`,
    spent >= amount ? paint.careful('all of it') : `${Math.floor((spent / amount) * 100)} %`,
  ]);
  return `${paint.strong('Budgets')}, each over the span that ends now\n${table(rows)}${lossWords(losses, paint)}`;
}

/** What a failover or restart has cost: a cap may have been passed by so many calls. */
function lossWords({ rewritten, lost, emptied }: LedgerLosses, paint: Paint): string {
  if (rewritten + lost + emptied === 0) return '';
  const again = `${count(rewritten, 'call')} of this gate counted again, ${lost} not`;
  const all = emptied === 0 ? '' : `; it had forgotten everything ${emptied === 1 ? 'once' : `${emptied} times`}`;
  return `\n  ${paint.careful(`The server had forgotten what it had acknowledged: ${again}${all}`)}`;
}

/** Two places, or as many as there are. */
const units = (amount: number): string => (Number.isInteger(amount * 100) ? amount.toFixed(2) : String(amount));
