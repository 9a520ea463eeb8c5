import { after, before } from 'node:test';
import { connectRedis } from '../../src/stores/redis/connection.ts';
import { createRedisState } from '../../src/stores/redis/index.ts';
import { createLocalWide } from '../support/local-wide.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { stateContract } from './state.ts';

let server: RedisServer | null = null;
let states = 0;

before(async () => {
  server = await startRedis();
});
after(() => server?.stop());

stateContract('the Redis store', async (bounds) => {
  states += 1;
  const connection = await connectRedis(server?.url ?? '', { timeout: 10_000 });
  return createRedisState(connection, createLocalWide(), {
    ...bounds,
    prefix: `test-${states}:`,
    secret: 'of these tests',
    callersTime: true,
    settle: 0,
    ...(bounds?.entries === undefined ? {} : { partitions: 1 }),
  });
});
