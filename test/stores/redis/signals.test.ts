import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openSwitches, type Switches } from '../../../src/gateway/switches.ts';
import { connectRedis } from '../../../src/stores/redis/connection.ts';
import { inspectRedis } from '../../../src/stores/redis/deployment.ts';
import { createSignals } from '../../../src/stores/redis/signals.ts';
import { keepsTheBook } from '../../contract/change-book.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

const SECRET = 'a secret that all gates of this test have';

async function server(t: TestContext, settings: readonly string[] = []): Promise<RedisServer> {
  const redis = await startRedis(settings);
  t.after(() => redis.stop());
  return redis;
}

/** A gate's switches, as far as it needs a store for them. */
async function gate(t: TestContext, { url }: RedisServer): Promise<Switches> {
  const connection = await connectRedis(url);
  const switches = await openSwitches({
    signals: createSignals(connection),
    secret: SECRET,
    onSwitch: () => {},
    warn: () => {},
    retryMs: 20,
  });
  t.after(async () => {
    await switches.close();
    await connection.close();
  });
  return switches;
}

async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('P3.5 a switch reaches the other gates over shared state, and a store that forgets it is told again', async (t) => {
  const redis = await server(t);
  const [one, two] = [await gate(t, redis), await gate(t, redis)];
  const made = {
    settings: { mode: 'report' as const },
    over: { mode: 'enforce', rollout: '100%', layers: {} } as const,
    at: 1,
    by: 'a test',
  };
  assert.equal(await one.publish(made), true);
  await until(() => two.last()?.settings.mode === 'report');
  await redis.kill();
  await redis.start();
  await until(async () => (await gate(t, redis)).last()?.settings.mode === 'report');
});

test('P3.4 a text of an earlier counter never takes the place of a later one, and what was in force outlives restarts', async (t) => {
  const redis = await server(t);
  // What is asked here is who is first, not how soon.
  const connection = await connectRedis(redis.url, { timeout: 60_000 });
  t.after(() => connection.close());
  const signals = createSignals(connection);
  assert.equal(await signals.latest('a'), null);
  const all = await Promise.all([1, 2, 3].map((text) => signals.publish('a', { counter: 7, text: `${text}` })));
  assert.equal(all.filter((kept) => kept).length, 1);
  assert.equal(await signals.publish('a', { counter: 6, text: 'earlier' }), false);
  assert.equal(await signals.publish('a', { counter: 8, text: 'later' }), true);
  assert.deepEqual(await signals.latest('a'), { counter: 8, text: 'later' });
  assert.equal(await signals.latest('b'), null);
  await keepsTheBook(signals);
});

test('a server says how it stands: what a failure costs depends on it', async (t) => {
  const plain = await inspectRedis((await server(t)).url);
  assert.deepEqual([plain.kind, plain.logs, plain.replicas, plain.eviction], ['one server', false, 0, 'noeviction']);
  const master = await server(t, ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru']);
  await server(t, ['--replicaof', '127.0.0.1', `${master.port}`]);
  await until(async () => (await inspectRedis(master.url)).replicas === 1);
  const replicated = await inspectRedis(master.url);
  assert.deepEqual(
    [replicated.kind, replicated.logs, replicated.eviction],
    ['a server with replicas', true, 'allkeys-lru'],
  );
});
