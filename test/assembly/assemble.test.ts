import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import type { Config } from '../../src/guard/config.ts';
import { createGuard, createMemoryState } from '../../src/index.ts';
import { startRedis } from '../support/redis.ts';

const SECRET = 'a secret of this test, long enough for all';

test('a guard that cannot be made leaves no connection behind, and one that is closed none either', async (t) => {
  const server = await startRedis();
  const probe = new Redis(server.url);
  t.after(async () => {
    probe.disconnect();
    await once(probe, 'end');
    await server.stop();
  });
  const config: Config = { hosts: ['app.example'], state: server.url };
  const alone = async (): Promise<void> => {
    while (
      String(await probe.call('CLIENT', 'LIST'))
        .trim()
        .split('\n').length > 1
    );
  };
  const misspelt: Config = { ...config, layers: { prooof: 'report' } };
  await assert.rejects(createGuard(misspelt, { secret: SECRET }), /prooof/);
  await alone();
  const guard = await createGuard(config, { secret: SECRET });
  assert.ok(
    String(await probe.call('CLIENT', 'LIST'))
      .trim()
      .split('\n').length > 1,
    'a guard has a connection',
  );
  await guard.close();
  await alone();
});

test('what a guard was given is left to its owner until there is a guard', async () => {
  let closed = 0;
  const close = () => {
    closed += 1;
  };
  const state = Object.assign(createMemoryState(), { close });
  const fails = () => {
    throw new Error('no layers today');
  };
  await assert.rejects(createGuard({ hosts: ['app.example'] }, { state, layers: fails }), /no layers today/);
  assert.equal(closed, 0);
  const guard = await createGuard({ hosts: ['app.example'] }, { state });
  await guard.close();
  await guard.close();
  assert.equal(closed, 1);
});
