export { openRedis, openRedisState } from './stores/redis/open.ts';
export type { RedisStateOptions } from './stores/redis/index.ts';
