import type { LimitScope } from './config-use.ts';
import type { AnswerFacts, CostFunction } from './config-budget.ts';
import type { Cap, Entry } from './ledger.ts';
import type { Claims } from './state.ts';

/** What a call of one route may cost, and which budgets it is taken from. Compiled once. */
export interface CostRule {
  readonly number: number;
  readonly name: string;
  readonly currency: string;
  /** Millionths that one call costs at most, or who says so. */
  readonly max: number | CostFunction;
  /** What it did cost; null where that is the maximum. */
  readonly actual: ((answer: AnswerFacts) => unknown) | null;
  readonly budgets: readonly BudgetRule[];
}

/** One budget, and the parts of it that not everybody may have. */
export interface BudgetRule {
  /** For people: `5 USD/day per total`. */
  readonly text: string;
  readonly scope: LimitScope;
  /** Part of it at which somebody is told; 0 for none. */
  readonly warnAt: number;
  readonly cap: Cap;
  /** What one network prefix may take of it; null for any part. */
  readonly ofPrefix: Cap | null;
  /** What sessions younger than {@link OLD_SESSION_MS} may take together; null where nothing is kept from them. */
  readonly ofNewcomers: Cap | null;
  /** What everybody may take together who is not logged in. */
  readonly ofStrangers: Cap | null;
}

/** For routes that cost nothing. Compared by identity. */
export const NO_COSTS: readonly CostRule[] = Object.freeze([]);

/** Sessions of this age are no newcomers any more. */
export const OLD_SESSION_MS = 3_600_000;

/** What one call wants reserved. */
export interface Reserve {
  readonly rule: CostRule;
  /** Millionths. */
  readonly amount: number;
}

/** For requests that cost nothing. Compared by identity. */
export const NO_RESERVES: readonly Reserve[] = Object.freeze([]);

/** What one call has reserved: it stays spent, save for what is given back. */
export interface Reservation {
  readonly parts: readonly ReservedPart[];
  /** Millionths spent of each account, with it. */
  readonly spent: ReadonlyMap<Cap, number>;
  /** Until it is settled, or given back. */
  open: boolean;
}

export interface ReservedPart extends Reserve {
  readonly entries: readonly Entry[];
}

/** Who pays, by what the claims say of the caller. */
export function partsOf(claims: Claims): readonly ReservedPart[] {
  return claims.reserves
    .filter(({ amount }) => amount > 0)
    .map(({ rule, amount }) => ({
      rule,
      amount,
      entries: rule.budgets.flatMap((budget) => entriesOf(budget, amount, claims)),
    }));
}

function entriesOf(budget: BudgetRule, amount: number, claims: Claims): Entry[] {
  const { cap, ofPrefix, ofNewcomers, ofStrangers } = budget;
  const payer = payerOf(budget.scope, claims);
  if (payer === null) return [];
  const entries: Entry[] = [];
  const add = (from: Cap, by: string): void => void entries.push({ cap: from, payer: by, amount, slot: 0 });
  // A partner’s server is one network, and declared: it is no stranger that might be many.
  if (claims.account === '') {
    // First: what is left by others is asked before this call has taken its part.
    if (ofPrefix !== null && claims.prefix !== '') add(ofPrefix, claims.prefix);
    if (ofNewcomers !== null && claims.newcomer) add(ofNewcomers, '');
    if (ofStrangers !== null && claims.subject === '') add(ofStrangers, '');
  }
  add(cap, payer);
  return entries;
}

/** Null where the request has not what the budget counts by: then it asks nothing. */
function payerOf(scope: LimitScope, claims: Claims): string | null {
  switch (scope) {
    case 'session':
      return claims.sessionPlace === 0
        ? null
        : `${claims.sessionIdHigh.toString(36)}.${claims.sessionIdLow.toString(36)}`;
    case 'subject':
      return claims.subject === '' ? null : claims.subject;
    case 'key':
      return claims.account === '' ? null : claims.account;
    case 'prefix':
      return claims.prefix === '' ? null : claims.prefix;
    default:
      return '';
  }
}
