import type { State } from '../../guard/state.ts';
import { connectRedis } from './connection.ts';
import { createRedisState, type RedisStateOptions } from './index.ts';
import { createWide } from './wide/create.ts';

/**
 * Opens the state that gates share: `redis://`, `rediss://`, `valkey://`, `valkeys://` or `unix://`, a server or a Cluster.
 *
 * Rejects where no server answers at first; later outages reject what is asked meanwhile, and end by themselves.
 */
export async function openRedisState(url: string, options: RedisStateOptions): Promise<State> {
  const connection = await connectRedis(url, options);
  const { secret, prefix } = options;
  try {
    const wide = createWide(connection, { secret, ...(prefix === undefined ? {} : { prefix }) });
    return await createRedisState(connection, wide, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
