import type { Config } from '../../guard/config.ts';
import { ConfigError } from '../../guard/errors.ts';
import { takesKeys } from '../../guard/keys.ts';
import { hasBudgets, recordsOf } from '../../guard/records-url.ts';
import { isShared } from '../../guard/state-url.ts';
import { assertSameStores } from '../kept.ts';

/**
 * Several workers know logins, keys and money alike by records that lie outside of them.
 * @throws {ConfigError} where a configuration names none
 */
export function assertTogether(config: Config, workers: number): void {
  if (workers === 1 || recordsOf(config) !== 'memory') return;
  const what = [
    ...(config.login === undefined ? [] : ['logins']),
    ...(takesKeys(config) ? ['keys'] : []),
    ...(hasBudgets(config) && !isShared(config) ? ['budgets'] : []),
  ];
  if (what.length === 0) return;
  const rule = `${workers} workers share ${what.join(', ')} by records that they can all open: write sqlite:PATH as in sqlite:./sallyport.sqlite, or postgres://…; or workers: 1`;
  throw new ConfigError('config', [{ field: 'records', value: '"memory"', rule }]);
}

/** @throws {ConfigError} where a configuration that was read again wants what is settled at the start */
export function assertSteady(before: Config, next: Config): Config {
  if (next.workers === before.workers) return assertSameStores(before, next);
  const value = next.workers === undefined ? 'nothing' : JSON.stringify(next.workers);
  const rule = 'the number of workers is settled at the start; restart to change it';
  throw new ConfigError('config', [{ field: 'workers', value, rule }]);
}
