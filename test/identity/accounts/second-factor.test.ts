import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openAccounts, PASSWORD, type Person, retryAfter, said } from './people.ts';
import { codeFor } from './totp.ts';

async function withFactor(t: TestContext) {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  const begun = said(await person.ask('POST', '/second-factor', { password: PASSWORD }));
  const uri = String(begun['uri']);
  const backupCodes = begun['backupCodes'] as string[];
  // Tests log in by the code that comes next: the one that confirms is used up. Both hold when a half minute ends.
  const confirmed = await person.ask('POST', '/second-factor', { code: codeFor(uri) });
  assert.equal(confirmed.status, 200, String(confirmed.body));
  bench.admitted.length = 0;
  return { bench, id, person, uri, backupCodes };
}

const code = (person: Person, typed: string) => person.ask('POST', '/login/second-factor', { code: typed });

test('a second factor is asked for once it was confirmed, and the password alone logs nobody in', async (t) => {
  const { bench, uri } = await withFactor(t);
  const person = bench.person();
  const first = await person.logIn('anna');
  assert.deepEqual(said(first), { next: 'second-factor' });
  assert.equal(bench.admitted.length, 0);
  const second = await code(person, codeFor(uri, Date.now() + 30_000));
  assert.equal(second.status, 200);
  assert.deepEqual(bench.admitted[0]?.subject.amr, ['pwd', 'otp', 'mfa']);
  assert.ok(!person.cookies.has('__Host-sallyport-factor'));
});

test('to begin ends nothing: an account whose factor was never confirmed logs in by its password', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  assert.equal((await person.ask('POST', '/second-factor', { password: PASSWORD })).status, 200);
  assert.equal((await bench.person().logIn('anna')).status, 200);
  assert.equal(bench.admitted.length, 2);
});

test('a wrong password begins no second factor', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  assert.equal((await person.ask('POST', '/second-factor', { password: 'not this one' })).status, 401);
});

test('to confirm ends every other login of the account', async (t) => {
  const { bench, id } = await withFactor(t);
  assert.deepEqual(bench.ended, [{ source: 'accounts', subject: id }]);
});

test('a code is good once, in any browser', async (t) => {
  const { bench, uri } = await withFactor(t);
  const [one, other] = [bench.person(), bench.person()];
  await one.logIn('anna');
  await other.logIn('anna');
  const shown = codeFor(uri, Date.now() + 30_000);
  assert.equal((await code(one, shown)).status, 200);
  assert.equal((await code(other, shown)).status, 401);
});

test('a backup code is good once', async (t) => {
  const { bench, backupCodes } = await withFactor(t);
  for (const status of [200, 401]) {
    const person = bench.person();
    await person.logIn('anna');
    assert.equal((await code(person, backupCodes[0] ?? '')).status, status);
  }
});

test('what the password brought is bound to its session, good once, and over after five minutes', async (t) => {
  const { bench, uri, backupCodes } = await withFactor(t);
  const person = bench.person();
  await person.logIn('anna');
  const thief = bench.person({ cookies: new Map(person.cookies) });
  assert.equal(
    said(await code(thief, codeFor(uri, Date.now() + 30_000)))['code'],
    'login-required',
    'in another session',
  );
  const kept = new Map(person.cookies);
  assert.equal((await code(person, codeFor(uri, Date.now() + 30_000))).status, 200);
  for (const [name, value] of kept) person.cookies.set(name, value);
  assert.equal((await code(person, backupCodes[0] ?? '')).status, 401, 'twice');
  const late = bench.person();
  await late.logIn('anna');
  bench.pass(301_000);
  assert.equal(said(await code(late, backupCodes[1] ?? ''))['code'], 'login-required', 'too late');
});

test('codes are not guessed: after five wrong ones there is a wait, whatever the number of logins', async (t) => {
  const { bench } = await withFactor(t);
  let waits = 0;
  for (let tries = 0; tries < 12; tries++) {
    const person = bench.person({ prefix: '198.51.100.9' });
    const first = await person.logIn('anna');
    if (first.status !== 200) continue;
    const answer = await code(person, '000000');
    if (answer.status === 429) waits++;
    else assert.equal(answer.status, 401);
  }
  assert.equal(waits, 7);
});

test('a code without the password’s part opens nothing', async (t) => {
  const { bench, uri } = await withFactor(t);
  assert.equal(said(await code(bench.person(), codeFor(uri, Date.now() + 30_000)))['code'], 'login-required');
});

test('a second factor is taken away by its owner’s password alone', async (t) => {
  const { bench, person } = await withFactor(t);
  person.arrive = () => {};
  assert.equal((await person.ask('POST', '/second-factor', { password: 'not this', remove: true })).status, 401);
  assert.equal((await person.ask('POST', '/second-factor', { password: PASSWORD, remove: true })).status, 200);
  assert.equal((await bench.person().logIn('anna')).status, 200);
  assert.equal(bench.admitted.length, 1);
});

test('strangers who know the password wait for the code alone: the owner’s browser does not', async (t) => {
  const { bench, uri, person } = await withFactor(t);
  const stranger = bench.person({ prefix: '198.51.100.9' });
  await stranger.logIn('anna');
  for (let tries = 0; tries < 10; tries++) await code(stranger, '000000');
  assert.ok(retryAfter(await code(stranger, '000000')) > 0);
  person.session = { id: Buffer.alloc(16, 9).toString('base64url'), label: 'label', login: null };
  await person.logIn('anna');
  assert.equal((await code(person, codeFor(uri, Date.now() + 30_000))).status, 200);
});
