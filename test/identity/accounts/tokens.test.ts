import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccounts, PASSWORD, said } from './people.ts';

test('a page that asks for a token gets one, bound to its session, and no login at the desk', async (t) => {
  const bench = await openAccounts(t, { config: { token: true } });
  const id = await bench.addAccount('anna', { roles: ['editor'] });
  const person = bench.person();
  const answer = said(await person.logIn('anna', PASSWORD, { token: true }));
  assert.equal(bench.admitted.length, 0);
  const open = await bench.source.tokens.open(String(answer['token']));
  assert.equal(open?.session, person.session?.id);
  assert.equal(open?.subject.id, id);
  assert.deepEqual(open?.subject.roles, ['editor']);
  assert.deepEqual(open?.subject.amr, ['pwd']);
  assert.ok(!String(answer['token']).includes(person.session?.id ?? 'x'));
});

test('where no tokens are configured a login is a login', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const answer = said(await bench.person().logIn('anna', PASSWORD, { token: true }));
  assert.equal(answer['token'], undefined);
  assert.equal(bench.admitted.length, 1);
});

test('a token expires after half a day, and ends at once when it is ended', async (t) => {
  const bench = await openAccounts(t, { config: { token: true } });
  await bench.addAccount('anna');
  const issue = async () => String(said(await bench.person().logIn('anna', PASSWORD, { token: true }))['token']);
  const [one, other] = [await issue(), await issue()];
  await bench.source.tokens.open(one);
  await bench.source.context.tokens.end(one);
  assert.equal(await bench.source.tokens.open(one), null);
  assert.notEqual(await bench.source.tokens.open(other), null);
  bench.pass(12 * 3600_000 + 1000);
  assert.equal(await bench.source.tokens.open(other), null);
});

test('R18 a token ends within seconds where another process ends it, or blocks its account', async (t) => {
  const bench = await openAccounts(t, { config: { token: true } });
  const subject = await bench.addAccount('anna');
  const token = String(said(await bench.person().logIn('anna', PASSWORD, { token: true }))['token']);
  assert.notEqual(await bench.source.tokens.open(token), null);
  await bench.records.users.set({ source: 'accounts', subject, blocked: true, reason: '', by: 'admin', until: 0 });
  bench.pass(5000);
  assert.equal(await bench.source.tokens.open(token), null);
});

test('R20 what is no token of ours opens nothing', async (t) => {
  const bench = await openAccounts(t, { config: { token: true } });
  await bench.addAccount('anna');
  const person = bench.person();
  const token = String(said(await person.logIn('anna', PASSWORD, { token: true }))['token']);
  const device = person.cookies.get('__Host-sallyport-device') ?? '';
  for (const bad of ['', 'x', device, `${token}x`, token.slice(0, -1), 'eyJhbGciOiJub25lIn0.e30.', 'a'.repeat(5000)]) {
    assert.equal(await bench.source.tokens.open(bad), null, bad.slice(0, 40));
  }
});
