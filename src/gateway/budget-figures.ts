import { Counter, Gauge, type Registry } from 'prom-client';
import type { BudgetEvent, Spending } from '../guard/cost-watch.ts';

/** What the metrics say of money. Budgets are named by the configuration alone. */
export interface BudgetFigures {
  counted(event: BudgetEvent): void;
  /** Asked whenever somebody reads the metrics. */
  show(spending: readonly Spending[]): void;
}

export function countBudgets(registers: Registry[]): BudgetFigures {
  const spent = new Gauge({
    name: 'sallyport_budget_spent',
    help: 'Units of the currency that were spent of a budget in its span.',
    aggregator: 'max',
    labelNames: ['budget'] as const,
    registers,
  });
  const amount = new Gauge({
    name: 'sallyport_budget_amount',
    help: 'Units of the currency that a budget lets be spent in its span.',
    aggregator: 'max',
    labelNames: ['budget'] as const,
    registers,
  });
  const events = new Counter({
    name: 'sallyport_budget_events_total',
    help: 'Budgets that reached their warning, calls that cost more than their maximum, calls of unknown cost, servers that forgot.',
    labelNames: ['kind'] as const,
    registers,
  });
  return {
    counted: ({ kind }) => events.inc({ kind }),
    show(spending) {
      spent.reset();
      amount.reset();
      for (const { budget, ...figures } of spending) {
        spent.set({ budget }, figures.spent);
        amount.set({ budget }, figures.amount);
      }
    },
  };
}
