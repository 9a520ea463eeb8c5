import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { openRedisState } from '../../../src/stores/redis/open.ts';
import { parseStateUrls } from '../../../src/guard/state-url.ts';
import { startRedis } from '../../support/redis.ts';

const PLAIN = { host: 'cache', port: 6379, path: '', username: '', password: '', db: 0, tls: false };

test('addresses of servers are read as Redis and Valkey write them', () => {
  const table = [
    ['redis://cache', PLAIN],
    ['valkey://cache:7000/3', { ...PLAIN, port: 7000, db: 3 }],
    ['rediss://gate:p%40ss@cache', { ...PLAIN, username: 'gate', password: 'p@ss', tls: true }],
    ['valkeys://:secret@[::1]:7001', { ...PLAIN, host: '::1', port: 7001, password: 'secret', tls: true }],
    ['unix:///run/redis.sock?db=2', { ...PLAIN, host: '', port: 0, path: '/run/redis.sock', db: 2 }],
  ] as const;
  for (const [text, address] of table) assert.deepEqual(parseStateUrls(text), [address], text);
  const nodes = parseStateUrls('redis://a:1, redis://b:2');
  assert.deepEqual(
    nodes.map(({ host, port }) => `${host}:${port}`),
    ['a:1', 'b:2'],
  );
});

test('what is no such address is refused, and no error tells a password', () => {
  for (const text of ['', 'cache', 'http://gate:hunter2@cache', 'redis://gate:hunter2@cache/one', 'redis://']) {
    assert.throws(
      () => parseStateUrls(text),
      (error) => error instanceof TypeError && !error.message.includes('hunter2'),
      text,
    );
  }
});

test('a wrong password is refused at once and told by no error; the right one opens', async () => {
  const server = await startRedis();
  const admin = new Redis(server.port, '127.0.0.1');
  await admin.config('SET', 'requirepass', 'hunter2');
  admin.disconnect();
  const secret = 'a secret of these tests alone, 32 bytes';
  const at = (password: string) => `redis://:${password}@127.0.0.1:${server.port}`;
  try {
    await assert.rejects(
      openRedisState(at('hunter3'), { secret }),
      (error) => error instanceof Error && !/hunter/.test(`${error.message} ${error.stack}`),
    );
    const state = await openRedisState(at('hunter2'), { secret, timeout: 2000 });
    assert.equal((await state.usage()).sessions, 0);
    await state.close();
  } finally {
    await server.stop();
  }
});
