import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { type Authenticator, type Ceremony, createAuthenticator } from './authenticator.ts';
import { type AccountsBench, openAccounts, PASSWORD, type Person, said } from './people.ts';
import { codeFor } from './totp.ts';

const codeOf = (answer: Parameters<typeof said>[0]): unknown => said(answer)['code'];

async function loggedIn(bench: AccountsBench, name: string): Promise<Person> {
  const person = bench.person();
  await person.logIn(name);
  person.arrive();
  return person;
}

async function withAccount(t: TestContext) {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna', { email: 'anna@example.org' });
  return { bench, id, person: await loggedIn(bench, 'anna') };
}

async function addPasskey(person: Person): Promise<Authenticator> {
  const authenticator = createAuthenticator();
  const options = said(await person.ask('POST', '/passkeys/options', {}))['options'] as Ceremony;
  const kept = await person.ask('POST', '/passkeys', { response: authenticator.register(options), label: 'key' });
  assert.equal(kept.status, 200, String(kept.body));
  return authenticator;
}

async function respond(person: Person, authenticator: Authenticator): Promise<object> {
  const begun = said(await person.ask('POST', '/login/passkey/options', {}))['options'] as Ceremony;
  return { response: authenticator.answer(begun) };
}

/** As accounts are that never had one. */
const forgetPassword = async ({ records }: AccountsBench, id: string): Promise<void> => {
  await sql`update accounts_credential set password = null where ${sql.ref('userId')} = ${id}`.execute(records.sql.db);
};

test('R62 R16 what a login asks for, shown again, makes a login that is recent', async (t) => {
  const { bench, person } = await withAccount(t);
  bench.pass(301_000);
  assert.equal(codeOf(await person.ask('POST', '/passkeys/options', {})), 'step-up');
  assert.equal(codeOf(await person.ask('POST', '/login/again', { password: 'not this one' })), 'login-failed');
  const again = await person.ask('POST', '/login/again', { password: PASSWORD });
  assert.equal(again.status, 200);
  assert.equal(bench.admitted.length, 2, 'by the desk, which gives a new session id');
  person.arrive();
  assert.equal((await person.ask('POST', '/passkeys/options', {})).status, 200);
});

test('R62 a second factor is asked for again, too', async (t) => {
  const { bench, person } = await withAccount(t);
  const uri = String(said(await person.ask('POST', '/second-factor', { password: PASSWORD }))['uri']);
  await person.ask('POST', '/second-factor', { code: codeFor(uri) });
  const before = bench.admitted.length;
  assert.equal((await person.ask('POST', '/login/again', { password: PASSWORD })).status, 401);
  assert.equal((await person.ask('POST', '/login/again', { password: PASSWORD, code: codeFor(uri) })).status, 401);
  assert.equal(bench.admitted.length, before, 'a code that was used shows nothing');
  const code = codeFor(uri, Date.now() + 30_000);
  assert.equal((await person.ask('POST', '/login/again', { password: PASSWORD, code })).status, 200);
});

test('to confirm or to change a password makes no login recent: that would go on for ever', async (t) => {
  const { bench, person } = await withAccount(t);
  const first = bench.admitted[0];
  bench.pass(301_000);
  const changed = await person.ask('POST', '/password', { current: PASSWORD, next: 'another good password' });
  assert.equal(changed.status, 200);
  const stays = bench.admitted.at(-1);
  assert.equal(stays?.subject.authTime, first?.subject.authTime);
  assert.equal(stays?.expires, first?.expires, 'R17 nor does it live longer');
});

test('R63 a passkey shows again who one is, and another person’s does not', async (t) => {
  const { bench, person } = await withAccount(t);
  await bench.addAccount('bert');
  const bert = await loggedIn(bench, 'bert');
  const [own, others] = [await addPasskey(person), await addPasskey(bert)];
  const before = bench.admitted.length;
  assert.equal(codeOf(await person.ask('POST', '/login/again', await respond(person, others))), 'login-failed');
  assert.equal(bench.admitted.length, before, 'nobody became bert');
  assert.equal((await person.ask('POST', '/login/again', await respond(person, own))).status, 200);
});

test('passwords are not guessed at the place that asks for them again', async (t) => {
  const { bench, person } = await withAccount(t);
  let waits = 0;
  for (let tries = 0; tries < 12; tries++) {
    if ((await person.ask('POST', '/login/again', { password: `wrong ${tries}` })).status === 429) waits++;
  }
  assert.ok(waits >= 6, String(waits));
  bench.pass(120_000);
  assert.equal((await person.ask('POST', '/login/again', { password: PASSWORD })).status, 200);
});

test('the last passkey of an account without a password stays, of two removals at once as well', async (t) => {
  const { bench, id, person } = await withAccount(t);
  const [one, other] = [await addPasskey(person), await addPasskey(person)];
  await forgetPassword(bench, id);
  const removals = await Promise.all(
    [one, other].map(async (each) => person.ask('POST', '/passkeys/remove', { credential: each.id })),
  );
  assert.equal(removals.filter(({ status }) => status === 200).length, 1);
  const left = said(await person.ask('GET', '/passkeys'))['passkeys'] as { credential: string }[];
  assert.equal(left.length, 1);
  const last = await person.ask('POST', '/passkeys/remove', { credential: left[0]?.credential });
  assert.deepEqual([last.status, said(last)], [422, { error: 'last-passkey' }]);
  assert.deepEqual(said(await person.ask('POST', '/passkeys/remove', { credential: 'no such' })), { removed: false });
  const added = await addPasskey(person);
  assert.equal(
    (await person.ask('POST', '/passkeys/remove', { credential: added.id })).status,
    200,
    'another one goes',
  );
});

test('an account without a password sets up a second factor after a recent login', async (t) => {
  const { bench, id, person } = await withAccount(t);
  const key = await addPasskey(person);
  await forgetPassword(bench, id);
  bench.pass(301_000);
  assert.equal(codeOf(await person.ask('POST', '/second-factor', { password: '' })), 'step-up');
  await person.ask('POST', '/login/again', await respond(person, key));
  person.arrive();
  assert.equal((await person.ask('POST', '/second-factor', {})).status, 200);
});

test('a passkey’s name is text, and nothing that turns a line around', async (t) => {
  const { person } = await withAccount(t);
  const options = said(await person.ask('POST', '/passkeys/options', {}))['options'] as Ceremony;
  const label = 'key\u202e\u0000\n<b>';
  const kept = await person.ask('POST', '/passkeys', { response: createAuthenticator().register(options), label });
  assert.equal(said(kept)['label'], 'key<b>');
});

test('an address changes by the link that went to the new one, and not before', async (t) => {
  const { bench, person } = await withAccount(t);
  assert.deepEqual(said(await person.ask('POST', '/email', { email: 'New@Example.org' })), { sent: true });
  const { to, url } = await bench.mail();
  assert.equal(to, 'new@example.org');
  const about = async () => said(await person.ask('GET', '/account/about'));
  assert.equal((await about())['email'], 'anna@example.org');
  const token = /#verify=(.+)$/.exec(url)?.[1];
  assert.deepEqual(said(await bench.person().ask('POST', '/verify', { token })), { verified: true });
  assert.deepEqual(await about(), {
    name: 'anna',
    email: 'new@example.org',
    emailVerified: true,
    password: true,
    secondFactor: false,
  });
  const [event] = await bench.records.audit.list({ action: 'login.email.change' });
  assert.equal(event?.outcome, 'done');
  assert.ok(!JSON.stringify(event).includes('example.org'), 'no address in the audit');
});

test('an address of somebody else is answered alike, and no mail goes out', async (t) => {
  const { bench, person } = await withAccount(t);
  await bench.addAccount('bert', { email: 'bert@example.org' });
  assert.deepEqual(said(await person.ask('POST', '/email', { email: 'bert@example.org' })), { sent: true });
  await person.ask('POST', '/email', { email: 'free@example.org' });
  assert.equal((await bench.mail()).to, 'free@example.org');
  assert.equal(bench.mails.length, 1);
});

test('R62 R67 an address changes after a recent login only, and mail goes out seldom', async (t) => {
  const { bench, person } = await withAccount(t);
  for (let sent = 0; sent < 3; sent++) await person.ask('POST', '/email', { email: `n${sent}@example.org` });
  assert.equal((await person.ask('POST', '/email', { email: 'n4@example.org' })).status, 429);
  assert.equal(said(await person.ask('POST', '/email', { email: 'none' }))['error'], 'email');
  bench.pass(301_000);
  assert.equal(codeOf(await person.ask('POST', '/email', { email: 'n5@example.org' })), 'step-up');
});

test('what belongs to an account answers nobody else: no one, and no one from a provider', async (t) => {
  const { bench, person } = await withAccount(t);
  const login = person.session?.login;
  assert.ok(login);
  const foreign = bench.person();
  const subject = { ...login.subject, source: 'company' };
  foreign.session = { id: 'AAAAAAAAAAAAAAAAAAAAAA', label: 'label', login: { ...login, subject } };
  for (const who of [bench.person(), foreign]) {
    for (const path of ['/login/again', '/password', '/second-factor', '/passkeys/remove', '/email']) {
      assert.equal(codeOf(await who.ask('POST', path, { password: PASSWORD })), 'login-required', path);
    }
    assert.equal(codeOf(await who.ask('GET', '/account/about')), 'login-required');
  }
});
