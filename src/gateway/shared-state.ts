import type { Config } from '../guard/config.ts';
import type { GuardParts } from '../index.ts';
import { openShared, type Shared } from '../shared.ts';
import type { Log } from './log.ts';

/**
 * Opens the state that gates share, and writes outages down: each once, with its end. Null where state is the process's own.
 *
 * @param secret the gate's own, handed over from thread to thread; '' where a new one would be drawn
 */
export function connectShared(config: Config, secret: string, log: Log): Promise<Shared | null> {
  return openShared({
    config,
    secret,
    onTrouble(trouble) {
      if (trouble === '') log.warn('state: is back');
      else log.warn(`state: cannot be reached (${trouble}); whenUnsure says what goes on meanwhile`);
    },
  });
}

/** For the guard: nothing where money is counted in records, or by nobody else. */
export const ledgerOf = (shared: Shared | null): Pick<GuardParts, 'ledger'> =>
  shared?.ledger == null ? {} : { ledger: shared.ledger };
