import type { Config } from '../guard/config.ts';
import { recordsOf } from '../guard/records-url.ts';
import { workersOf } from './workers.ts';

/** What the threads of a gate have together, and what each has for itself. Nothing where there is one. */
export function describeWorkers(config: Config): string[] {
  const count = workersOf(config);
  if (count === 1) return [];
  return [
    `${count} on one port${config.workers === 'auto' ? ', one for each core of this machine' : ''}`,
    'together, exact: sessions, counters of proofs, limits, steps, served ids, key nonces and quotas, what was revoked',
    recordsOf(config) === 'memory'
      ? 'together, within moments: bans, the audit log, the list of sessions; they end with the gate'
      : 'together, by records: logins, keys, bans, budgets, the audit log',
    `each for itself: connections to the backend, published lists, the shield against floods of forged tickets and the queue of new visitors (${count} times what one lets in)`,
  ];
}
