import assert from 'node:assert/strict';
import { test } from 'node:test';
import { banner } from '../../src/cli/banner.ts';
import { kindOf } from '../../src/lab/answer.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { startRedis } from '../support/redis.ts';
import { backend, desk, until } from './support.ts';

const SECRET = { SALLYPORT_SECRET: 'a secret of at least thirty-two characters' };

const PAINT = { strong: String, good: String, bad: String, careful: String, faint: String };

test('P2.1 P3.5 a gate and one of two workers on one Redis: a captured call is admitted once by all, and the kill switch reaches both', async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const app = await backend(t);
  const { gate, run } = desk(t, SECRET);
  const common = ['--to', app.url, '--listen', '127.0.0.1:0', '--mode', 'enforce', '--state', redis.url];
  const { report: one } = await gate(...common);
  const { report: two } = await gate(...common, '--host', new URL(one.url).host, '--workers', '2');
  assert.equal(two.workers, 2);
  assert.deepEqual([two.state, two.whenUnsure], [redis.url, 'reads']);
  assert.match(banner(two, PAINT), /State +redis:.*; while it cannot be reached, reads .* go on/);

  const target = parseTarget(`${one.url}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const page = createWireClient(target, '/', sender);
  const opening = await page.open();
  assert.ok(opening.opened, opening.why);
  const captured = page.sign({ method: 'GET' });
  const others = Array.from({ length: 8 }, () => createSender(parseTarget(`${two.url}/api/posts`)));
  t.after(() => others.map((other) => other.close()));
  const kinds = await Promise.all([sender, ...others].map(async (each) => kindOf(await each.send(captured))));
  assert.equal(kinds.filter(({ by }) => by === 'backend').length, 1);
  assert.equal(kinds.filter((kind) => kind.by === 'gate' && kind.code === 'replayed').length, 8);

  const statusOf = async (url: string): Promise<number> => {
    const answer = await fetch(`${url}/api/posts`, { headers: { connection: 'close' } });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.deepEqual([await statusOf(one.url), await statusOf(two.url)], [403, 403]);
  const switched = await run('report', '--listen', one.listen);
  assert.equal(switched.code, 0, switched.err);
  await until(async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => statusOf(two.url)));
    return all.every((status) => status !== 403);
  }, 'both workers of the other gate report');
});

test('a gate without a secret does not start on shared state, and says why', async (t) => {
  const app = await backend(t);
  const { run } = desk(t, { SALLYPORT_SECRET: '' });
  for (const workers of ['1', '2']) {
    const flags = [
      '--to',
      app.url,
      '--listen',
      '127.0.0.1:0',
      '--state',
      'redis://u:hidden@127.0.0.1:1',
      '--workers',
      workers,
    ];
    const { code, err } = await run(...flags);
    assert.equal(code, 2, err);
    assert.match(err, /SALLYPORT_SECRET, the same for all gates/);
    assert.doesNotMatch(err, /hidden/);
  }
});
