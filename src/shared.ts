import { createHash } from 'node:crypto';
import type { Config } from './guard/config.ts';
import { ConfigError, SallyportError } from './guard/errors.ts';
import { recordsOf } from './guard/records-url.ts';
import type { Ledger } from './guard/ledger.ts';
import type { Signals } from './guard/signals.ts';
import type { State } from './guard/state.ts';
import { isShared, shownStateUrl } from './guard/state-url.ts';

/** State, and where money is counted, of gates that share them; null where each process has its own. */
export interface Shared {
  readonly state: State;
  /** Null where records count money: PostgreSQL loses nothing that it has acknowledged. */
  readonly ledger: Ledger | null;
  /** How gates tell each other of switches; null where PostgreSQL does. */
  readonly signals: Signals | null;
}

export interface SharedParts {
  readonly config: Config;
  /** SALLYPORT_SECRET; '' where none is set. */
  readonly secret: string;
  /** Hears once of each outage, and once ('') of its end. */
  readonly onTrouble?: (trouble: string) => void;
}

const SECRET_RULE =
  'needs SALLYPORT_SECRET, the same for all gates that share it: without one no gate can read what another has written';

/**
 * Opens the state that a configuration names. Loads the client only then.
 *
 * Throws ConfigError without a secret, SallyportError `state` where no server answers.
 */
export async function openShared({ config, secret, ...hears }: SharedParts): Promise<Shared | null> {
  const { state: url = 'memory' } = config;
  if (!isShared(config)) return null;
  const shown = shownStateUrl(url);
  if (secret === '')
    throw new ConfigError('config', [{ field: 'state', value: JSON.stringify(shown), rule: SECRET_RULE }]);
  const { openRedis } = await import('./stores/redis/open.ts');
  try {
    const { state, ledger, signals } = await openRedis(url, { secret, prefix: prefixOf(secret), ...hears });
    const isKept = recordsOf(config).startsWith('postgres');
    return { state, ledger: isKept ? null : ledger, signals: isKept ? null : signals };
  } catch (error) {
    throw new SallyportError(
      'state',
      `state ${shown} cannot be used: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}

/** Sites that share a server have nothing in common but that. */
const prefixOf = (secret: string): string =>
  `sallyport:${createHash('sha256').update(`state ${secret}`).digest('base64url').slice(0, 8)}:`;
