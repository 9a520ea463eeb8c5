import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRow } from '../../../src/guard/records-audit.ts';
import { openAccounts, PASSWORD, said } from './people.ts';

const NEXT = 'another battery staple';
const tokenOf = (url = ''): string => /#(?:reset|verify)=([\w-]+)$/.exec(url)?.[1] ?? '';

test('a change of password ends every login and token, and this browser gets a new login', async (t) => {
  const bench = await openAccounts(t, { config: { token: true } });
  const id = await bench.addAccount('anna');
  const page = bench.person();
  const { token } = said(await page.logIn('anna', PASSWORD, { token: true }));
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  assert.equal((await person.ask('POST', '/password', { current: 'not this', next: NEXT })).status, 401);
  assert.deepEqual(bench.ended, []);
  assert.equal((await person.ask('POST', '/password', { current: PASSWORD, next: 'short' })).status, 422);
  assert.equal((await person.ask('POST', '/password', { current: PASSWORD, next: NEXT })).status, 200);
  assert.deepEqual(bench.ended, [{ source: 'accounts', subject: id }]);
  assert.equal(await bench.source.tokens.open(String(token)), null);
  assert.equal(bench.admitted.length, 2);
  assert.equal((await bench.person().logIn('anna')).status, 401);
  assert.equal((await bench.person().logIn('anna', NEXT)).status, 200);
});

test('nobody without a login changes a password', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const answer = await bench.person().ask('POST', '/password', { current: PASSWORD, next: NEXT });
  assert.equal(said(answer)['code'], 'login-required');
});

test('a reset sends one link, which sets a password once, ends every login and logs nobody in', async (t) => {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna', { email: 'anna@example.org' });
  const person = bench.person();
  assert.deepEqual(said(await person.ask('POST', '/password/reset', { name: 'anna' })), { sent: true });
  const mail = await bench.mail();
  assert.equal(mail.to, 'anna@example.org');
  assert.ok(mail.url.startsWith('http://localhost:4000/_sallyport/login#reset='));
  const token = tokenOf(mail.url);
  const set = (password: string) => person.ask('POST', '/password/reset', { token, password });
  assert.equal((await set('short')).status, 422);
  assert.deepEqual(said(await set(NEXT)), { next: 'login' });
  assert.equal((await set('a third long password')).status, 401);
  assert.deepEqual(bench.ended, [{ source: 'accounts', subject: id }]);
  assert.equal(bench.admitted.length, 0);
  assert.equal((await person.logIn('anna', NEXT)).status, 200);
});

test('a reset is over after an hour', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const bench = await openAccounts(t);
  await bench.addAccount('anna', { email: 'anna@example.org' });
  await bench.person().ask('POST', '/password/reset', { name: 'anna' });
  const { url } = await bench.mail();
  t.mock.timers.tick(3_601_000);
  const token = tokenOf(url);
  assert.equal((await bench.person().ask('POST', '/password/reset', { token, password: NEXT })).status, 401);
});

test('the answer to a forgotten password tells nothing, and mail is sent seldom', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna', { email: 'anna@example.org' });
  await bench.addAccount('bert');
  for (const name of ['anna', 'anna@example.org', 'bert', 'nobody', '!!']) {
    assert.deepEqual(said(await bench.person().ask('POST', '/password/reset', { name })), { sent: true });
  }
  for (let tries = 0; tries < 10; tries++) await bench.person().ask('POST', '/password/reset', { name: 'anna' });
  await bench.mail(3);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(bench.mails.length, 3);
  assert.ok(bench.mails.every(({ to }) => to === 'anna@example.org'));
});

test('without a hook a reset says that it is not configured', async (t) => {
  const bench = await openAccounts(t);
  Object.assign(bench.source.context.config, { sendReset: undefined });
  const answer = await bench.person().ask('POST', '/password/reset', { name: 'anna' });
  assert.deepEqual(said(answer), { error: 'not-configured' });
});

test('a mail server that fails is audited, and stays inside', async (t) => {
  const bench = await openAccounts(t, {
    config: {
      sendReset: () => {
        throw new Error('smtp://user:secret@mail.example');
      },
    },
  });
  await bench.addAccount('anna', { email: 'anna@example.org' });
  assert.equal((await bench.person().ask('POST', '/password/reset', { name: 'anna' })).status, 200);
  let row: AuditRow | undefined;
  while (row === undefined) [row] = await bench.records.audit.list({ action: 'login.mail.reset' });
  assert.equal(row.outcome, 'failed');
  assert.ok(!JSON.stringify(row).includes('secret'));
});

test('R26 a forged Host becomes part of no link', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna', { email: 'anna@example.org' });
  const person = bench.person();
  person.authority = 'evil.example';
  assert.deepEqual(said(await person.ask('POST', '/password/reset', { name: 'anna' })), { sent: true });
  assert.equal(bench.mails.length, 0);
});

test('an account whose address has to be confirmed logs in after it was', async (t) => {
  const bench = await openAccounts(t, { config: { signUp: 'open', email: 'verified' } });
  const person = bench.person();
  const body = { name: 'anna', email: 'anna@example.org', password: PASSWORD };
  assert.deepEqual(said(await person.ask('POST', '/signup', body)), { next: 'verify-email' });
  assert.deepEqual(said(await person.logIn('anna')), { next: 'verify-email' });
  assert.equal(bench.admitted.length, 0);
  const token = tokenOf((await bench.mail()).url);
  assert.deepEqual(said(await person.ask('POST', '/verify', { token })), { verified: true });
  assert.equal((await person.ask('POST', '/verify', { token })).status, 401);
  assert.equal((await person.logIn('anna')).status, 200);
  assert.deepEqual(bench.admitted[0]?.subject.claims, {
    name: 'anna',
    email: 'anna@example.org',
    email_verified: true,
  });
});

test('where addresses are confirmed, one that has an account gets the answer of a new one', async (t) => {
  const bench = await openAccounts(t, { config: { signUp: 'open', email: 'verified' } });
  await bench.addAccount('anna', { email: 'anna@example.org' });
  const before = bench.hashes.count;
  const known = await bench
    .person()
    .ask('POST', '/signup', { name: 'bert', email: 'anna@example.org', password: PASSWORD });
  const fresh = await bench
    .person()
    .ask('POST', '/signup', { name: 'carl', email: 'carl@example.org', password: PASSWORD });
  assert.deepEqual(said(known), said(fresh));
  assert.equal(bench.hashes.count - before, 2);
  assert.equal(await bench.source.context.directory.find('bert'), null);
});

test('sign-up is closed unless it is opened', async (t) => {
  const bench = await openAccounts(t);
  const answer = await bench.person().ask('POST', '/signup', { name: 'anna', password: PASSWORD });
  assert.equal(said(answer)['code'], 'forbidden');
  assert.equal(bench.hashes.count, 0);
});

test('who signs up is logged in, has no role, and takes no name twice', async (t) => {
  const bench = await openAccounts(t, { config: { signUp: 'open' } });
  const body = { name: 'Anna', password: PASSWORD, roles: ['admin'], role: 'admin' };
  assert.equal((await bench.person().ask('POST', '/signup', body)).status, 200);
  assert.deepEqual(bench.admitted[0]?.subject.roles, []);
  assert.deepEqual(said(await bench.person().ask('POST', '/signup', { ...body, name: 'anna' })), { error: 'taken' });
});

test('accounts are not made by the thousand from one network', async (t) => {
  const bench = await openAccounts(t, { config: { signUp: 'open' } });
  let made = 0;
  for (let tries = 0; tries < 100; tries++) {
    const answer = await bench.person().ask('POST', '/signup', { name: `user${tries}`, password: PASSWORD });
    if (answer.status === 200) made++;
    else assert.equal(answer.status, 429);
  }
  assert.equal(made, 60);
  const elsewhere = bench.person({ prefix: '203.0.113.5' });
  assert.equal((await elsewhere.ask('POST', '/signup', { name: 'other', password: PASSWORD })).status, 200);
});
