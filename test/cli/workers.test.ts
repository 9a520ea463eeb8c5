import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { runInProcess } from './in-process.ts';
import { at, backend, desk } from './support.ts';

const RULE = 'write a whole number from 1 to 256, or auto for as many as there are cores';

for (const given of ['0', '-1', '1.5', '1000', 'two', '', '2 ', 'Auto']) {
  test(`--workers ${JSON.stringify(given)} is refused with the rule that it breaks`, async (t) => {
    const args = ['--to', 'http://localhost:3000', `--workers=${given}`];
    const { code, err } = await runInProcess(args, { folder: desk(t).folder, environment: {} });
    assert.equal(code, 2);
    const shown = /^-?\d+(?:\.\d+)?$/.test(given) ? given : JSON.stringify(given);
    assert.equal(err, `sallyport: command line: --workers is ${shown}; ${RULE}\n`);
  });
}

test('a file’s workers are held to the same rule, named by file and field', async (t) => {
  const { write, run } = desk(t);
  write('sallyport.config.ts', `export default { workers: [2] };`);
  const { code, err } = await run('check');
  assert.equal(code, 2);
  assert.equal(err, `sallyport: sallyport.config.ts: workers is [2]; ${RULE}\n`);
});

test('check says what workers have together and what each has for itself; nothing of one', async (t) => {
  const { json } = desk(t);
  const { value: one } = await json('check', '--workers', '1');
  assert.deepEqual(at(one, 'workers'), []);
  const { value: two } = await json('check', '--workers', '2');
  const said = String(at(two, 'workers'));
  assert.match(said, /^2 on one port,together, exact: sessions, .*each for itself: /);
  assert.match(said, /bans.* end with the gate/);
  const { value: kept } = await json('check', '--workers', 'auto', '--records', 'sqlite:./records.sqlite');
  if (availableParallelism() > 1) assert.match(String(at(kept, 'workers')), /one for each core .*by records: logins/);
});

test('workers that would each know logins, keys or money by themselves do not start', async (t) => {
  const { write, run } = desk(t);
  const app = await backend(t);
  write('sallyport.config.ts', `export default { to: '${app.url}', keys: {}, records: 'memory', workers: 2 };`);
  const { code, err } = await run('--listen', '127.0.0.1:0');
  assert.equal(code, 2);
  assert.match(err, /records is "memory"; 2 workers share keys by records that they can all open: write sqlite:PATH/);
});

test('keys made at one worker open routes at all, and are revoked at all', async (t) => {
  const { write, gate, json, run } = desk(t, { SALLYPORT_SECRET: 'a secret of at least thirty-two characters' });
  const app = await backend(t);
  write(
    'sallyport.config.ts',
    `export default { to: '${app.url}', mode: 'enforce', records: 'sqlite:./records.sqlite', workers: 2,
      routes: [{ match: 'GET /api/posts', keys: ['read'] }] };`,
  );
  const { report } = await gate('--listen', '127.0.0.1:0');
  assert.equal(report.workers, 2);
  const { code, value } = await json('keys', 'issue', '--for', 'partner', '--scope', 'read', '--ttl', '1h');
  assert.equal(code, 0);
  const statuses = async (): Promise<Set<number>> => {
    const headers = { authorization: `Bearer ${at(value, 'secret')}`, connection: 'close' };
    const calls = Array.from({ length: 16 }, async () => (await fetch(`${report.url}/api/posts`, { headers })).status);
    return new Set(await Promise.all(calls));
  };
  const until = async (status: number): Promise<void> => {
    const end = performance.now() + 30_000;
    while (String([...(await statuses())]) !== String(status))
      assert.ok(performance.now() < end, `not ${status} at all`);
  };
  await until(200);
  assert.equal((await run('keys', 'revoke', String(at(value, 'key', 'id')))).code, 0);
  await until(401);
});
