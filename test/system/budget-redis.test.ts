import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { WireClient } from '../../src/lab/wire-client.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import {
  assertRefused,
  CHAT,
  call,
  configFor,
  kill,
  OPEN,
  startPaid,
  startProcess,
  visitor,
  visitors,
} from './paid.ts';

/** Story 2 at gates as people run them: several processes that share a Redis server, and are killed, as is the server. */

const FOUR = [1, 2, 3, 4];

async function redisFor(context: TestContext): Promise<RedisServer> {
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec']);
  context.after(() => server.stop());
  return server;
}

/** Names that others of this test chose are nobody's business. */
async function assertHidden(url: string): Promise<void> {
  const redis = new Redis(url);
  const keys = await redis.keys('*');
  redis.disconnect();
  assert.ok(keys.length > 0);
  assert.ok(!keys.some((key) => key.includes('127.0.0.1')), 'addresses are not to be read in the names of keys');
}

test('P2.1 five hundred fresh sessions at once over four gates on Redis: as many calls as there is money for, no more after both restart', async (context) => {
  const paid = await startPaid(context);
  const server = await redisFor(context);
  const config = configFor(paid, { amount: '1 USD/day', ...OPEN });
  const gates = await Promise.all(FOUR.map(() => startProcess(context, config, server.url)));
  const clients = await visitors(
    context,
    gates.map(({ url }) => url),
    500,
  );
  const answers = await Promise.all(clients.map(call));
  assert.equal(paid.calls, 100);
  assert.equal(answers.filter(({ status }) => status === 200).length, 100);
  for (const answer of answers.filter(({ status }) => status !== 200)) assertRefused(answer);
  await assertHidden(server.url);

  await Promise.all(gates.map(kill));
  await server.kill();
  await server.start();
  const again = await startProcess(context, config, server.url);
  assertRefused(await call(await visitor(context, again.url)));
  assert.equal(paid.calls, 100);
});

test('P2.1 gates and their Redis are killed under load and open nothing: what was in flight stays spent', async (context) => {
  const paid = await startPaid(context);
  const server = await redisFor(context);
  const config = configFor(paid, { amount: '1 USD/day', ...OPEN });
  const gates = await Promise.all(FOUR.map(() => startProcess(context, config, server.url)));
  const urls = gates.map(({ url }) => url);
  const killed: Promise<void>[] = [];
  paid.onCall = async () => {
    // In the middle of the rush: with calls at the backend, in the ledger, and on their way to it.
    if (paid.calls === 15 && gates[0] !== undefined) killed.push(kill(gates[0]));
    if (paid.calls === 30) killed.push(server.kill().then(() => server.start()));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const rush = await visitors(context, urls, 120);
  const answers = await Promise.all(rush.map(call));
  await Promise.all(killed);
  assert.ok(
    answers.some(({ status }) => status !== 200),
    'calls were under way where a gate or the server was killed',
  );
  // The killed one comes back, and everybody tries again with new sessions.
  const restarted = await startProcess(context, config, server.url);
  const second = await visitors(context, [...urls.slice(1), restarted.url], 120);
  const later = await Promise.all(second.map(call));
  assert.ok(later.some(({ status }) => status === 429));
  assert.ok(paid.calls <= 100, `${paid.calls} calls`);
  assert.ok(paid.calls >= 30, `${paid.calls} calls`);
});

test('P2.2 rotating sessions and forged forwarding headers raise nobody’s share, on whichever gate', async (context) => {
  const paid = await startPaid(context);
  const server = await redisFor(context);
  const config = configFor(paid, { amount: '1 USD/day', keep: 0 });
  const gates = await Promise.all([1, 2].map(() => startProcess(context, config, server.url)));
  const urls = gates.map(({ url }) => url);
  const spoofs = ['203.0.113.7', '203.0.113.8, 203.0.113.9', '::ffff:203.0.113.10', '2001:db8::1'];
  const clients = await visitors(context, urls, 60);
  await Promise.all(
    clients.map((client, at) => {
      const signed = client.sign(CHAT);
      const forged = ['X-Forwarded-For', spoofs[at % spoofs.length] ?? '', 'Forwarded', `for=${spoofs[at % 4] ?? ''}`];
      return client.sender.send({ ...signed, fields: [...signed.fields, ...forged] });
    }),
  );
  assert.equal(paid.calls, 10, 'a tenth of the whole');
});

test('P2.2 behind a proxy one IPv6 /56 is one network, whatever it writes before its address, and its neighbour is another', async (context) => {
  const paid = await startPaid(context);
  const server = await redisFor(context);
  const config = { ...configFor(paid, { amount: '1 USD/day', keep: 0 }), trustedProxies: ['127.0.0.1/32'] };
  const gates = await Promise.all([1, 2].map(() => startProcess(context, config, server.url)));
  const clients = await visitors(
    context,
    gates.map(({ url }) => url),
    33,
  );
  const from = (client: WireClient, forwarded: string) => {
    const signed = client.sign(CHAT);
    return client.sender.send({ ...signed, fields: [...signed.fields, 'X-Forwarded-For', forwarded] });
  };
  const [neighbour, ...farm] = clients;
  assert.ok(neighbour);
  const answers = await Promise.all(
    farm.map((client, at) => from(client, `203.0.113.${at}, 2001:db8:0:${(8 * at).toString(16)}::${at + 1}`)),
  );
  assert.equal(paid.calls, 10, 'a tenth of the whole');
  assert.equal(answers.filter(({ status }) => status === 429).length, 22);
  assert.equal((await from(neighbour, '2001:db8:0:100::1')).status, 200);
});
