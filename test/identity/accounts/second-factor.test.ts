import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import decodeQR from 'qr/decode.js';
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

test('a second factor is taken away by all that a login asks for, and every other login ends', async (t) => {
  const { bench, person, id, backupCodes } = await withFactor(t);
  bench.ended.length = 0;
  const [backup = ''] = backupCodes;
  for (const wrong of [
    { password: PASSWORD },
    { password: PASSWORD, code: '000000' },
    { password: 'no', code: backup },
  ]) {
    assert.equal((await person.ask('POST', '/second-factor', { ...wrong, remove: true })).status, 401);
  }
  assert.deepEqual(bench.ended, []);
  const body = { password: PASSWORD, code: backup, remove: true };
  assert.equal((await person.ask('POST', '/second-factor', body)).status, 200);
  assert.deepEqual(bench.ended, [{ source: 'accounts', subject: id }]);
  assert.deepEqual(bench.admitted.at(-1)?.subject.amr, ['pwd'], 'this browser goes on');
  assert.equal((await bench.person().logIn('anna')).status, 200);
  const actions = (await bench.records.audit.list()).map(({ action }) => action);
  for (const action of ['login.factor.add', 'login.factor.remove']) assert.ok(actions.includes(action), action);
});

test('new backup codes take the place of the old ones', async (t) => {
  const { bench, person, backupCodes } = await withFactor(t);
  const body = { password: PASSWORD, code: backupCodes[0], backupCodes: true };
  const made = said(await person.ask('POST', '/second-factor', body))['backupCodes'] as string[];
  assert.equal(made.length, backupCodes.length);
  const other = bench.person();
  await other.logIn('anna');
  assert.equal((await code(other, backupCodes[1] ?? '')).status, 401);
  assert.equal((await code(other, made[0] ?? '')).status, 200);
});

test('a backup code confirms no app, and a factor that is on is not confirmed again', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  const begun = said(await person.ask('POST', '/second-factor', { password: PASSWORD }));
  const [backup = ''] = begun['backupCodes'] as string[];
  assert.equal((await person.ask('POST', '/second-factor', { code: backup })).status, 401, 'nothing showed the app');
  assert.equal(bench.admitted.length, 1);
  const shown = codeFor(String(begun['uri']));
  assert.equal((await person.ask('POST', '/second-factor', { code: shown })).status, 200);
  const next = codeFor(String(begun['uri']), Date.now() + 30_000);
  assert.equal((await person.ask('POST', '/second-factor', { code: next })).status, 422);
  const other = bench.person();
  await other.logIn('anna');
  assert.equal((await code(other, shown)).status, 401, 'the code that confirmed is used up');
});

test('the step that confirms is no place to guess codes', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  const begun = said(await person.ask('POST', '/second-factor', { password: PASSWORD }));
  let waits = 0;
  for (let tries = 0; tries < 12; tries++) {
    if ((await person.ask('POST', '/second-factor', { code: '000000' })).status === 429) waits++;
  }
  assert.ok(waits >= 6, String(waits));
  bench.pass(120_000);
  const honest = codeFor(String(begun['uri']));
  assert.equal((await person.ask('POST', '/second-factor', { code: honest })).status, 200, 'the owner, a little later');
});

test('the QR code says what the link says', async (t) => {
  const bench = await openAccounts(t);
  await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  const begun = said(await person.ask('POST', '/second-factor', { password: PASSWORD }));
  const rows = begun['qr'] as string[];
  const size = rows.length * 4;
  const data = new Uint8Array(size * size * 3).fill(255);
  rows.forEach((row, y) => {
    [...row].forEach((square, x) => {
      for (let at = 0; square === '1' && at < 16; at++) {
        const pixel = (y * 4 + (at >> 2)) * size + x * 4 + (at & 3);
        data.fill(0, pixel * 3, pixel * 3 + 3);
      }
    });
  });
  assert.equal(decodeQR({ width: size, height: size, data }), begun['uri']);
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
