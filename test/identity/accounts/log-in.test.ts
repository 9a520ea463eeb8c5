import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { DEVICE_COOKIE } from '../../../src/identity/accounts/device.ts';
import { openAccounts, PASSWORD, said, valuesOf } from './people.ts';

test('a name and its password hand a login in at the desk, and the browser is remembered', async (t) => {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna', { roles: ['editor'] });
  const person = bench.person();
  const answer = await person.logIn(' Anna ');
  assert.equal(answer.status, 200);
  const [login] = bench.admitted;
  assert.equal(login?.subject.id, id);
  assert.equal(login?.subject.source, 'accounts');
  assert.deepEqual(login?.subject.roles, ['editor']);
  assert.deepEqual(login?.subject.amr, ['pwd']);
  assert.deepEqual(login?.subject.claims, { name: 'anna' });
  assert.ok(person.cookies.has('__Host-sallyport-login'));
  const device = valuesOf(answer, 'set-cookie').find((line) => line.startsWith(DEVICE_COOKIE)) ?? '';
  for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax', 'Max-Age=7776000']) {
    assert.ok(device.includes(attribute), attribute);
  }
  assert.ok(!String(answer.body).includes(PASSWORD));
});

test('an address stands for the name, whatever its case', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna', { email: 'anna@example.org' });
  assert.equal((await bench.person().logIn('Anna@Example.org')).status, 200);
});

test('R67 a wrong password and an unknown name are one answer, and cost one hash each', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const before = bench.hashes.count;
  const wrong = await bench.person().logIn('anna', 'not this one');
  const unknown = await bench.person().logIn('bert', 'not this one');
  assert.equal(bench.hashes.count - before, 2);
  assert.equal(wrong.status, 401);
  assert.deepEqual(said(unknown), said(wrong));
  assert.deepEqual(unknown.fields.filter(isSteady), wrong.fields.filter(isSteady));
  assert.equal(bench.admitted.length, 0);
});

const isSteady = (_: string, index: number, fields: readonly string[]): boolean =>
  fields[index] !== 'date' && fields[index - 1] !== 'date';

test('an account without a password costs a hash as well', async (t) => {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna');
  const db = bench.records.sql.db;
  const { sql } = await import('kysely');
  await sql`update accounts_credential set password = null where ${sql.ref('userId')} = ${id}`.execute(db);
  const before = bench.hashes.count;
  assert.equal((await bench.person().logIn('anna')).status, 401);
  assert.equal(bench.hashes.count - before, 1);
});

test('what is no login at all is refused without a hash', async (t) => {
  const bench = await openAccounts(t);
  for (const [body, status] of [
    ['', 400],
    ['null', 400],
    ['[]', 400],
    ['{', 400],
    ['{}', 401],
    [{ name: 'anna' }, 401],
    [{ name: 'anna', password: 7 }, 401],
    [{ name: ['anna'], password: 'x' }, 401],
    [{ name: 'a'.repeat(300), password: 'x' }, 401],
    [{ name: 'anna', password: 'x'.repeat(257) }, 401],
    [{ name: "anna' or 1=1 --", password: 'x' }, 401],
    [{ name: 'anna@no-mail.invalid', password: 'x' }, 401],
  ] as const) {
    assert.equal((await bench.person().ask('POST', '/login', body)).status, status, JSON.stringify(body));
  }
  assert.equal(bench.hashes.count, 0);
});

test('a blocked account is refused as if the password were wrong, also with the right one', async (t) => {
  const bench = await openAccounts(t);
  const subject = await bench.addAccount('anna');
  const wrong = await bench.person().logIn('anna', 'not this one');
  await bench.records.users.set({ source: 'accounts', subject, blocked: true, reason: '', by: 'admin', until: 0 });
  const right = await bench.person().logIn('anna');
  assert.equal(right.status, 401);
  assert.deepEqual(said(right), said(wrong));
  assert.equal(bench.admitted.length, 0);
  const [row] = await bench.records.audit.list({ action: 'login' });
  assert.equal(row?.outcome, 'refused');
});

test('R71 logins are audited by account, without any secret', async (t) => {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna');
  await bench.person().logIn('anna');
  const rows = await bench.records.audit.list();
  assert.equal(rows[0]?.target, `accounts:${id}`);
  assert.equal(rows[0]?.outcome, 'done');
  assert.ok(!JSON.stringify(rows).includes(PASSWORD));
});

test('R60 nothing that was typed lies in the records, the name of nobody included', async (t) => {
  const bench = await openAccounts(t);
  await bench.person().logIn('hunter2hunter2', 'typed into the wrong field');
  const { sql } = await import('kysely');
  const { rows } = await sql`select * from sallyport_attempts`.execute(bench.records.sql.db);
  assert.equal(rows.length, 1);
  assert.ok(!JSON.stringify(rows).includes('hunter2'));
});

test('passwords are worked on one or two at a time, whichever way they come', async (t) => {
  const running = { now: 0, most: 0, all: 0 };
  const work = async (): Promise<void> => {
    running.all++;
    running.most = Math.max(running.most, ++running.now);
    await new Promise((resolve) => setImmediate(resolve));
    running.now--;
  };
  const hasher = {
    async hash(password: string) {
      await work();
      return `hash of ${password}`;
    },
    async verify(password: string, stored: string) {
      await work();
      return stored === `hash of ${password}`;
    },
  };
  const bench = await openAccounts(t, { hasher, config: { signUp: 'open', checksPerMinute: 100_000 } });
  await bench.addAccount('anna', { email: 'anna@example.org' });
  await bench.person().ask('POST', '/password/reset', { name: 'anna' });
  const token = /#reset=([\w-]+)$/.exec((await bench.mail()).url)?.[1];
  const inside = bench.person({ prefix: '203.0.113.1' });
  await inside.logIn('anna');
  inside.arrive();
  running.most = 0;
  const password = 'another battery staple';
  await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => bench.person({ prefix: `198.51.100.${index}` }).logIn('anna')),
    ...Array.from({ length: 10 }, (_, index) => bench.person({ prefix: `192.0.2.${index}` }).logIn('nobody')),
    ...Array.from({ length: 10 }, (_, index) =>
      bench.person({ prefix: `192.0.2.${index}` }).ask('POST', '/signup', { name: `new-${index}`, password: PASSWORD }),
    ),
    inside.ask('POST', '/second-factor', { password: PASSWORD }),
    inside.ask('POST', '/password', { current: PASSWORD, next: password }),
    bench.person().ask('POST', '/password/reset', { token, password }),
  ]);
  assert.ok(running.all > 40, `${running.all} passwords were worked on`);
  const cores = availableParallelism();
  assert.equal(running.most, cores > 2 ? 2 : 1, `${cores} cores, of which calls need one`);
});

test('R70 a sign-up that cannot be told of in the audit log leaves no account, and works later', async (t) => {
  const bench = await openAccounts(t, { config: { signUp: 'open' } });
  const signUp = () => bench.person().ask('POST', '/signup', { name: 'anna', password: PASSWORD });
  const append = t.mock.method(bench.records.audit, 'append', () => Promise.reject(new Error('full')));
  await assert.rejects(signUp(), /full/);
  append.mock.restore();
  assert.equal((await signUp()).status, 200);
});
