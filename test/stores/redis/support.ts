import { Redis } from 'ioredis';
import type { Script, ScriptRunner } from '../../../src/stores/redis/wide/wide.ts';

export interface TestRunner extends ScriptRunner {
  readonly redis: Redis;
  /** Calls so far. */
  calls: number;
  close(): void;
}

/** Runs scripts on one server, and counts. */
export function testRunner(url: string): TestRunner {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
  redis.on('error', () => {});
  const runner: TestRunner = {
    cluster: false,
    redis,
    calls: 0,
    async run(script: Script, keys, args) {
      runner.calls += 1;
      try {
        return await redis.evalsha(script.sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return redis.eval(script.source, keys.length, ...keys, ...args);
      }
    },
    close: () => redis.disconnect(),
  };
  return runner;
}
