import { after, before } from 'node:test';
import { createRedisLedger } from '../../src/stores/redis/ledger.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { testRunner } from '../stores/redis/support.ts';
import { SECRET } from './records/support.ts';
import { ledgerContract } from './ledger.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

let ledgers = 0;

ledgerContract(
  'the Redis ledger',
  () => {
    ledgers += 1;
    const prefix = `ledger-${ledgers}:`;
    return async () => {
      const runner = testRunner(server.url);
      const ledger = createRedisLedger(runner, { secret: SECRET, prefix, callersTime: true, settle: 0 });
      const close = async () => {
        await ledger.close();
        runner.close();
      };
      return { ledger, close };
    };
  },
  true,
);
