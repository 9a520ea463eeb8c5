import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectRedis } from '../../../src/stores/redis/connection.ts';
import { scriptOf } from '../../../src/stores/redis/wide/script.ts';
import { startRedis } from '../../support/redis.ts';

const ONE = scriptOf('one', 'return 1');
const TIMEOUT = 100;

test('a process that was busy for longer than it waits for answers has not lost those that arrived', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const connection = await connectRedis(server.url, { timeout: TIMEOUT });
  context.after(() => connection.close());
  assert.equal(await connection.run(ONE, [], []), 1);
  const answer = connection.run(ONE, [], []);
  // The question leaves, and then nothing is done here for a while.
  await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + 5 * TIMEOUT;
  while (performance.now() < until);
  assert.equal(await answer, 1);
});

test('a server that does not answer is not waited for', async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const connection = await connectRedis(server.url, { timeout: TIMEOUT });
  context.after(() => connection.close());
  server.pause();
  await assert.rejects(connection.run(ONE, [], []), { message: 'state: no answer in time' });
  server.resume();
});
