import { after, before } from 'node:test';
import { connectRedis } from '../../src/stores/redis/connection.ts';
import { createRedisState } from '../../src/stores/redis/index.ts';
import { callersClock } from '../../src/stores/redis/wide/clock.ts';
import { createWide } from '../../src/stores/redis/wide/create.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { stateContract } from './state.ts';

const SECRET = 'a secret of these tests alone, 32 bytes';

let cluster: RedisCluster | null = null;
let states = 0;

before(async () => {
  cluster = await startRedisCluster();
});
after(() => cluster?.stop());

stateContract('the Redis store on a Cluster of six nodes', async (bounds) => {
  states += 1;
  const connection = await connectRedis(cluster?.url ?? '', { timeout: 10_000 });
  const names = { prefix: `test-${states}:`, secret: SECRET };
  const wide = createWide(connection, { ...names, clock: callersClock() });
  return createRedisState(connection, wide, {
    ...bounds,
    ...names,
    callersTime: true,
    settle: 0,
    // Where the bounds are the point they are those of one partition.
    partitions: bounds?.entries === undefined ? 32 : 1,
  });
});
