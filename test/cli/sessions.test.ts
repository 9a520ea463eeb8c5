import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at, backend, desk } from './support.ts';

/** A page that has entered, with cookies of its own. */
function page(t: TestContext, url: string): WireClient {
  const target = parseTarget(`${url}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  return createWireClient(target, '/', sender);
}

const statusOf = async (client: WireClient): Promise<number> => (await client.call({ method: 'GET' })).status;

test('R18 R19 a single browser session is listed, ended and banned, and others go on', async (t) => {
  const { url: to } = await backend(t);
  const here = desk(t);
  here.write('sallyport.config.mjs', `export default { to: '${to}', listen: '127.0.0.1:0', mode: 'enforce' };`);
  const { report } = await here.gate();
  const [first, second] = [page(t, report.url), page(t, report.url)];
  assert.equal((await first.open()).opened, true);
  assert.equal(await statusOf(first), 200);
  const one = await here.json('sessions');
  const label = String(at(one.value, 'sessions', 0, 'label'));
  assert.match(label, /^[\w-]{11}$/);
  assert.deepEqual(
    [
      at(one.value, 'sessions', 0, 'client'),
      at(one.value, 'sessions', 0, 'subject'),
      at(one.value, 'sessions', 0, 'prefix'),
    ],
    ['default', '', '127.0.0.1'],
  );
  assert.equal((await second.open()).opened, true);

  const ended = await here.run('sessions', 'revoke', label);
  assert.equal(ended.code, 0, ended.err);
  assert.equal(await statusOf(first), 403, 'its tickets open nothing');
  assert.equal(await statusOf(second), 200, 'another’s do');
  assert.equal((await first.open()).opened, true, 'its page enters again, as a new session');
  assert.equal(await statusOf(first), 200);
  assert.equal((await here.run('sessions', 'revoke', label)).code, 1, 'the old one is gone');

  const listed = await here.json('sessions');
  const labels = [0, 1].map((index) => String(at(listed.value, 'sessions', index, 'label')));
  assert.equal(labels.includes(label), false);
  const mine = labels[0] ?? '';
  const banned = await here.json('sessions', 'ban', mine, '--reason', 'scraper');
  assert.equal(banned.code, 0);
  assert.equal(await statusOf(first), 403);
  const again = await first.open();
  assert.deepEqual([again.opened, at(again.kind, 'code')], [false, 'banned'], 'as long as its cookie comes');
  assert.equal(await statusOf(second), 200);
  const fresh = page(t, report.url);
  assert.equal((await fresh.open()).opened, true, 'a neighbour at the same address enters');
  assert.equal((await here.run('bans', 'lift', String(at(banned.value, 'ban')))).code, 0);
  assert.equal((await first.open()).opened, true);

  const all = await here.json('sessions', 'revoke', '--all');
  assert.ok(Number(at(all.value, 'ended')) >= 2);
  assert.equal(await statusOf(second), 403);
  const audit = await here.run('audit');
  for (const action of ['session.revoke', 'session.ban', 'session.revoke-all'])
    assert.ok(audit.out.includes(action), action);
});
