import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at, backend, desk } from './support.ts';

function page(t: TestContext, url: string): WireClient {
  const target = parseTarget(`${url}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  return createWireClient(target, '/', sender);
}

test('learn watches a gate in report mode, and learns of what pages signed and of nothing else', async (t) => {
  const { url: to } = await backend(t);
  const temporary = mkdtempSync(join(tmpdir(), 'sallyport-tmp-'));
  t.after(() => rmSync(temporary, { recursive: true }));
  const here = desk(t, { TMPDIR: temporary });
  here.write('sallyport.config.mjs', `export default { to: '${to}', listen: '127.0.0.1:0' };`);
  const { report } = await here.gate();
  const client = page(t, report.url);
  assert.equal((await client.open()).opened, true);

  const learning = here.start('learn', '--from-gate', '--json');
  const ended = new Promise<number | null>((resolve) => learning.child.once('exit', resolve));
  const isAudited = async (): Promise<boolean> =>
    JSON.stringify((await here.json('audit')).value).includes('observe.begin');
  while (!(await isAudited())) assert.equal(learning.child.exitCode, null, 'it goes on until it is told to end');
  const other = await here.run('learn', '--from-gate', '--for', '1s');
  assert.deepEqual([other.code, other.err.trim()], [2, 'sallyport: somebody is watching already']);
  for (let call = 0; call < 5; call++) assert.equal((await client.call({ method: 'GET' })).status, 200);
  assert.equal((await fetch(`${report.url}/api/secret`)).status, 200, 'report mode lets it pass');
  learning.child.kill('SIGINT');
  assert.equal(await ended, 0, learning.out());

  const said: unknown = JSON.parse(learning.out());
  assert.equal(at(said, 'learned', 'requests'), 6);
  assert.equal(at(said, 'learned', 'unverified'), 1);
  assert.match(String(at(said, 'diff')), /match: 'GET \/api\/posts'/);
  assert.doesNotMatch(String(at(said, 'diff')), /secret/, 'what nobody signed is no route');
  assert.ok(JSON.stringify((await here.json('audit')).value).includes('observe.end'));
  assert.deepEqual(readdirSync(temporary), [], 'nothing that was watched is left on the disk');
});

test('learn without anything to learn from says what to give', async (t) => {
  const { run } = desk(t);
  const nothing = await run('learn');
  assert.equal(nothing.code, 2);
  assert.match(nothing.err, /give files to learn from, or --from-gate/);
  const none = await run('learn', '--from-gate');
  assert.equal(none.code, 2);
  assert.match(none.err, /no gate of this user is running here/);
});
