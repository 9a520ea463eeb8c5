import type { Ledger } from '../../guard/ledger.ts';
import type { Signals } from '../../guard/signals.ts';
import type { State } from '../../guard/state.ts';
import { connectRedis } from './connection.ts';
import { createRedisState, type RedisStateOptions } from './index.ts';
import { createRedisLedger, type RedisLedgerOptions } from './ledger.ts';
import { createSignals } from './signals.ts';
import { createWide } from './wide/create.ts';

/** What gates share that name the same server. To be closed in this order: the connection goes with the state. */
export interface OpenedRedis {
  readonly ledger: Ledger;
  readonly state: State;
  /** How gates tell each other of switches. */
  readonly signals: Signals;
}

/**
 * Opens the state that gates share: `redis://`, `rediss://`, `valkey://`, `valkeys://` or `unix://`, a server or a Cluster.
 *
 * Rejects where no server answers at first; later outages reject what is asked meanwhile, and end by themselves.
 */
export async function openRedisState(url: string, options: RedisStateOptions): Promise<State> {
  return (await openRedis(url, options)).state;
}

/** The same, and the money that they may spend together. */
export async function openRedis(
  url: string,
  options: RedisStateOptions & Pick<RedisLedgerOptions, 'onLoss'>,
): Promise<OpenedRedis> {
  const connection = await connectRedis(url, options);
  const { secret, prefix, onLoss } = options;
  const names = { secret, ...(prefix === undefined ? {} : { prefix }) };
  try {
    const ledger = createRedisLedger(connection, { ...names, ...(onLoss === undefined ? {} : { onLoss }) });
    const state = await createRedisState(connection, createWide(connection, names), options);
    return { ledger, state, signals: createSignals(connection, prefix) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
