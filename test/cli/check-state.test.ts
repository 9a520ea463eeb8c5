import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { describeState } from '../../src/cli/check-state.ts';
import { connectRedis } from '../../src/stores/redis/connection.ts';
import { inspectRedis } from '../../src/stores/redis/deployment.ts';
import { startRedis } from '../support/redis.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';

const said = async (config: Parameters<typeof describeState>[0]): Promise<string> =>
  (await describeState(config)).join('\n');

async function server(t: TestContext, settings: readonly string[] = []) {
  const redis = await startRedis(settings);
  t.after(() => redis.stop());
  return redis;
}

test('check says of memory that all is exact, for one process and until it ends', async () => {
  const text = await said({});
  assert.match(text, /limits are exact; every further process has its own/);
  assert.match(text, /a restart forgets all of it: no call from before is admitted again/);
});

test('check says of one server what is exact, what a restart costs, and what goes on while it is away', async (t) => {
  const { url } = await server(t);
  const routes = [{ match: 'GET /api/price', cost: '0.01 USD', budget: '1 USD/day', whenUnsure: 'refuse' as const }];
  const text = await said({ state: url, routes });
  assert.match(text, /one server, version \d/);
  assert.match(text, /used proofs, .*exact over all gates/);
  assert.match(text, /the server is restarted: .*those of its last snapshot, or none/);
  assert.match(text, /money: exact; what a restart loses/);
  assert.match(text, /while it cannot be reached: GET and HEAD .* 120 a minute/);
  assert.match(text, /GET \/api\/price: refuse/);
  assert.doesNotMatch(text, /takes over|maxmemory/);
  assert.match(await said({ state: url, routes, records: 'postgres://h/d' }), /money: exact, in PostgreSQL/);
});

test('check says of replicas what a failover loses, and warns of a server that may forget', async (t) => {
  const master = await server(t, ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru']);
  await server(t, ['--replicaof', '127.0.0.1', `${master.port}`]);
  while ((await inspectRedis(master.url)).replicas === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const text = await said({ state: master.url, whenUnsure: 'refuse' });
  assert.match(text, /a server with replicas/);
  assert.match(text, /as of the last second that its log has/);
  assert.match(text, /a replica takes over \(this master has 1\)/);
  assert.match(text, /allkeys-lru: set noeviction/);
  assert.match(text, /while it cannot be reached: everything is refused/);
});

test('check says of a Cluster that a master’s part alone is concerned', async (t) => {
  const cluster = await startRedisCluster();
  t.after(() => cluster.stop());
  const text = await said({ state: cluster.url });
  assert.match(text, /a Cluster, version/);
  assert.match(text, /a master is restarted/);
});

test('check says when nobody answers, and never what opens the server', async () => {
  const text = await said({ state: 'redis://me:hidden@127.0.0.1:1' });
  assert.match(text, /redis:\/\/127\.0\.0\.1:1: cannot be asked now/);
  assert.doesNotMatch(text, /hidden/);
  await assert.rejects(connectRedis('redis://me:hidden@127.0.0.1:1'), (error) => !String(error).includes('hidden'));
});
