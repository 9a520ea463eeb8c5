import type { LimitScope } from '../../../guard/config-use.ts';
import { NO_CROWD, payerOfCrowd } from '../../../guard/crowd.ts';
import type { Claims } from '../../../guard/state.ts';
import { type ConcurrentRule, type LimitRule, NO_USE, type UseRules } from '../../../guard/use.ts';

const wider = new WeakMap<UseRules, UseRules>();

const isWider = ({ scope }: LimitRule | ConcurrentRule): boolean => scope !== 'session';

/** Of these rules, those that count over more than one session; {@link NO_USE} where none does. */
export function widerOf(use: UseRules): UseRules {
  const known = wider.get(use);
  if (known !== undefined) return known;
  const [limits, concurrent] = [use.limits.filter(isWider), use.concurrent.filter(isWider)];
  const found = limits.length + concurrent.length === 0 ? NO_USE : Object.freeze({ limits, concurrent });
  wider.set(use, found);
  return found;
}

/** Whom a rule counts: '' where the request has not what it counts by, or the session counts for itself alone. */
export function payerOf(scope: LimitScope, { subject, account, prefix }: Claims, crowd: string): string {
  switch (scope) {
    case 'session':
      return crowd === NO_CROWD ? '' : payerOfCrowd(crowd);
    case 'subject':
      return subject;
    case 'key':
      return account;
    case 'prefix':
      return prefix;
    default:
      return scope;
  }
}
