import { within } from '../lib/within.ts';
import { AnswerTail } from './answer-tail.ts';
import { type BudgetRule, type CostRule, NO_COSTS, type Reservation, type ReservedPart } from './budget.ts';
import { isForAll } from './config-budget.ts';
import type { Decision } from './decision.ts';
import { type Ledger, type LedgerLosses, NO_LOSSES } from './ledger.ts';
import { toMicro } from './money.ts';
import type { Policy } from './policy.ts';
import { cancel } from './reserving.ts';

/** Follows what calls cost. Whoever forwards them asks it; nothing here rejects or throws. */
export interface CostWatch {
  /** Whether the answer to this call says what it cost: it is then asked for without a content coding. */
  takes(decision: Decision): boolean;
  /** For the answer to such a call: its head, then its chunks, then that it has ended as it should. Whole or never. */
  follow(decision: Decision, status: number, fields: readonly string[]): FollowedAnswer;
  /** Nothing of this call has been sent to the backend, and nothing will be. */
  unsent(decision: Decision): void;
}

export interface FollowedAnswer {
  add(chunk: Uint8Array): void;
  end(): void;
}

/** Budgets as people see them. */
export interface BudgetDesk {
  /** Budgets that count everybody's calls together. Rejects where they cannot be reached. */
  spending(): Promise<readonly Spending[]>;
  /** What its server has forgotten of what was spent, since this process began. */
  losses(): LedgerLosses;
  /** Calls the listener when something should be known of. */
  onEvent(listener: (event: BudgetEvent) => void): void;
}

export interface Spending {
  /** `all: 5 USD/day per total` */
  readonly budget: string;
  readonly currency: string;
  /** Units of the currency, spent in the span that ends now, and what may be spent. */
  readonly spent: number;
  readonly amount: number;
}

/**
 * `warning`: `budget` has reached the part at which somebody is to be told. `overrun`: a call of `route` cost more than its
 * maximum. `unknown`: nobody can say what a call of `route` cost, so it stays at its maximum. `forgotten`: where money is counted
 * something had been forgotten that was acknowledged.
 */
export type BudgetEvent =
  | { readonly kind: 'warning'; readonly budget: string; readonly spent: number; readonly amount: number }
  | { readonly kind: 'overrun'; readonly route: string; readonly cost: number; readonly max: number }
  | { readonly kind: 'unknown'; readonly route: string }
  | ({ readonly kind: 'forgotten' } & LedgerLosses);

const MICRO = 1_000_000;
/** How long the app's own code may take to say what a call cost. */
const PATIENCE_MS = 5000;

export interface CostParts {
  readonly ledger: Ledger;
  readonly policy: () => Policy;
  readonly wall: () => number;
}

export interface Costs extends CostWatch, BudgetDesk {
  /** For every decision. */
  decided(decision: Decision): void;
}

export function createCosts({ ledger, policy, wall }: CostParts): Costs {
  const listeners: ((event: BudgetEvent) => void)[] = [];
  const warned = new Map<string, number>();
  const tell = (event: BudgetEvent): void => {
    for (const listener of listeners) listener(event);
  };

  let losses = NO_LOSSES;
  ledger.onLoss?.((found) => {
    losses = found;
    tell({ kind: 'forgotten', ...found });
  });

  const settle = async (part: ReservedPart, tail: AnswerTail): Promise<void> => {
    const { rule, amount, entries } = part;
    if (rule.actual === null) return;
    const { name: route } = rule;
    const cost = await costOf(rule.actual, tail);
    if (cost === null) return tell({ kind: 'unknown', route });
    if (cost !== amount) ledger.giveBack(entries, amount - cost);
    if (cost > amount) tell({ kind: 'overrun', route, cost: cost / MICRO, max: amount / MICRO });
  };

  return {
    takes: ({ reserved }) => reserved?.parts.some(({ rule }) => rule.actual !== null) === true,
    follow({ reserved = null }, status, fields) {
      const tail = new AnswerTail(status, fields);
      return {
        add: (chunk) => tail.add(chunk),
        end() {
          if (reserved !== null && closes(reserved)) for (const part of reserved.parts) void settle(part, tail);
        },
      };
    },
    unsent({ reserved = null }) {
      if (reserved !== null && closes(reserved)) cancel(ledger, reserved);
    },
    decided({ reserved = null }) {
      if (reserved === null) return;
      for (const { rule, amount } of reserved.parts) {
        for (const budget of rule.budgets) {
          const spent = reserved.spent.get(budget.cap);
          if (spent !== undefined && crosses(budget, spent, amount) && isNews(warned, budget, wall()))
            tell({ kind: 'warning', budget: budget.text, spent: spent / MICRO, amount: budget.cap.amount / MICRO });
        }
      }
    },
    async spending() {
      const budgets = commonBudgets(policy());
      const spent = await ledger.spent(
        [...budgets.values()].map(({ rule }) => rule.cap),
        wall(),
      );
      return [...budgets.values()].map(({ rule, currency }, index) => ({
        budget: rule.text,
        currency,
        spent: (spent[index] ?? 0) / MICRO,
        amount: rule.cap.amount / MICRO,
      }));
    },
    losses: () => losses,
    onEvent: (listener) => void listeners.push(listener),
  };
}

/** The first word counts: what was given back once is not given back again. */
function closes(reservation: Reservation): boolean {
  const { open } = reservation;
  reservation.open = false;
  return open;
}

/** Millionths; null where nobody can say. */
async function costOf(actual: NonNullable<CostRule['actual']>, tail: AnswerTail): Promise<number | null> {
  try {
    return toMicro(await within(new Promise((resolve) => resolve(actual(tail))), PATIENCE_MS));
  } catch {
    return null;
  }
}

const crosses = ({ scope, warnAt, cap }: BudgetRule, spent: number, amount: number): boolean =>
  isForAll(scope) && warnAt > 0 && spent >= warnAt * cap.amount && spent - amount < warnAt * cap.amount;

/** What is given back takes a budget over its mark again and again: once an hour of a day is often enough. */
function isNews(warned: Map<string, number>, { cap }: BudgetRule, now: number): boolean {
  const last = warned.get(cap.name);
  if (last !== undefined && Math.abs(now - last) < cap.span / 24) return false;
  warned.set(cap.name, now);
  return true;
}

function commonBudgets({ routes }: Policy): Map<string, { readonly rule: BudgetRule; readonly currency: string }> {
  const found = new Map<string, { readonly rule: BudgetRule; readonly currency: string }>();
  for (const { costs } of routes) {
    if (costs === NO_COSTS) continue;
    for (const { budgets, currency } of costs) {
      for (const rule of budgets) if (isForAll(rule.scope)) found.set(rule.cap.name, { rule, currency });
    }
  }
  return found;
}
