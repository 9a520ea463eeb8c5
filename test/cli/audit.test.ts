import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Ban } from '../../src/guard/records.ts';
import type { AuditPage, AuditVerified, BanPage } from '../../src/gateway/records-admin.ts';
import { backend, desk, until } from './support.ts';

const SECRET = 'a secret that only this test and its gate know';

test('every switch is in the audit log, over a restart as well, and a row that was altered or cut off shows', async (t) => {
  const { url } = await backend(t);
  const { gate, json, run, folder } = desk(t, { SALLYPORT_SECRET: SECRET });
  const flags = ['--to', url, '--listen', '0', '--records', 'sqlite:./kept.sqlite'];
  const audit = async (...args: string[]) => (await json('audit', ...args, '--json')).value as AuditPage;
  const verify = async (...args: string[]) => {
    const { code, value } = await json('audit', 'verify', ...args, '--json');
    return { code, ...(value as AuditVerified) };
  };

  const first = await gate(...flags);
  assert.equal((await run('report')).code, 0);
  const made = await json('bans', 'add', '--prefix', '2001:db8::1', '--reason', 'scraping', '--for', '2h', '--json');
  assert.equal(made.code, 0);
  assert.equal((await run('bans', 'lift', 'no-such-ban')).code, 1);
  assert.equal(await first.stop(), 0);

  const second = await gate(...flags);
  const { kind, rows } = await audit();
  assert.equal(kind, 'sqlite');
  assert.deepEqual(
    rows.map(({ actor, action, target, outcome, number }) => [number, actor, action, target, outcome]),
    [
      [3, 'admin', 'ban.lift', 'no-such-ban', 'refused'],
      [2, 'admin', 'ban.add', 'prefix:2001:db8::/56', 'done'],
      [1, 'admin', 'mode', '', 'done'],
    ],
  );
  assert.deepEqual((await audit('--action', 'mode')).rows.length, 1);
  assert.deepEqual((await audit('--since', '2100-01-01')).rows, []);
  assert.equal((await run('audit', '--since', 'soon')).code, 2);
  const head = rows[0]?.mac ?? '';
  await until(() => first.err().includes(head), 'the head in the log as well');
  assert.match((await run('audit')).out, /admin +ban\.add +prefix:2001:db8::\/56 {2}scraping/);

  const whole = await verify('--head', head);
  assert.deepEqual([whole.code, whole.ok, whole.rows], [0, true, 3]);
  assert.match((await run('audit', 'verify')).out, /3 rows verified[\s\S]*show only against a head kept elsewhere/);
  const noHead = await run('audit', 'verify', '--head', 'beef');
  assert.equal(noHead.code, 2);
  assert.match(noHead.err, /^sallyport: command line: --head is "beef"; a head has 64 hexadecimal digits/);

  const file = join(folder, 'kept.sqlite');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const database = new DatabaseSync(file);
  t.after(() => database.close());
  database.exec('delete from sallyport_audit where number = 3');
  assert.deepEqual([(await verify()).code, (await verify('--head', head)).code], [0, 1]);
  const short = await run('audit', 'verify', '--head', head);
  assert.match(short.out, /Rows were cut off/);
  assert.ok(short.out.includes(head));
  database.exec("update sallyport_audit set actor = 'nobody' where number = 1");
  const altered = await run('audit', 'verify');
  assert.equal(altered.code, 1);
  assert.match(altered.out, /Row 1 of chain \S+ was altered/);
  assert.equal(await second.stop(), 0);
  assert.ok(!readFileSync(file).includes(SECRET), 'the secret is not in the file');
});

test('R18 a ban holds at once, is explained, and ends when it is lifted; in report mode it blocks nothing', async (t) => {
  const { url } = await backend(t);
  const { gate, json, run } = desk(t);
  const running = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  const page = async () => {
    const answer = await fetch(running.report.url);
    await answer.arrayBuffer();
    return answer;
  };
  const until = async (status: number) => {
    for (;;) {
      const answer = await page();
      if (answer.status === status) return answer;
    }
  };
  assert.equal((await page()).status, 200);
  const { value } = await json('bans', 'add', '--prefix', '127.0.0.1', '--json');
  const refused = await until(403);
  const why = await run('why', refused.headers.get('sallyport-decision') ?? '');
  assert.match(why.out, /banned/);
  assert.equal((await run('report')).code, 0);
  assert.equal((await page()).status, 200, 'report mode blocks nothing');
  assert.equal((await run('bans', 'lift', (value as Ban).id)).code, 0);
  await running.stop();
  const again = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'silent');
  assert.equal((await fetch(again.report.url)).status, 200);
  const made = await json('bans', 'add', '--prefix', '127.0.0.1', '--json');
  assert.equal(made.code, 0);
  assert.equal((await run('bans', 'lift', (made.value as Ban).id)).code, 0);
  for (let status = 0; status !== 200; ) status = (await fetch(again.report.url)).status;
  await again.stop();
});

test('bans are listed, lifted, and end by themselves; what names nobody is refused with the rule', async (t) => {
  const { url } = await backend(t);
  const { gate, json, run } = desk(t);
  const running = await gate('--to', url, '--listen', '0', '--log', 'silent');
  assert.match((await run('bans')).out, /Nobody is banned\.\n\nRecords are in memory/);
  const add = (...args: string[]) => run('bans', 'add', ...args);
  assert.equal((await add()).code, 2);
  assert.equal((await add('--key', 'a', '--session', 'b')).code, 2);
  const session = await add('--session', 'not a label');
  assert.deepEqual(
    [session.code, session.err],
    [1, 'sallyport: name a session by the 11 characters that `sallyport why` and the log show\n'],
  );
  assert.equal((await add('--prefix', '10.0.0.0/8')).code, 1, 'one address, not a network');
  assert.match((await add('--prefix', '10.0.0.1', '--for', 'ever')).err, /90s, 15m, 12h or 30d/);
  assert.match((await add('--subject', 'accounts:ada', '--for', '15m')).out, /subject accounts:ada is banned until 20/);
  assert.match((await add('--session', 'abcdefghijk')).out, /banned until `sallyport bans lift \S+`/);
  const { bans } = (await json('bans', '--json')).value as BanPage;
  assert.deepEqual(
    bans.map(({ active }) => active),
    [true, true],
  );
  const id = bans.find(({ kind }) => kind === 'session')?.id ?? '';
  assert.equal((await run('bans', 'lift', id)).out, 'session abcdefghijk is banned no more.\n');
  assert.equal((await run('bans', 'lift', id)).code, 1);
  assert.match((await run('bans')).out, /Banned\n.*accounts:ada[\s\S]*Ended\n.*abcdefghijk.*lifted .* by admin/);
  await running.stop();
});
