import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Authenticator, type Ceremony, createAuthenticator, type Twist } from './authenticator.ts';
import { type AccountsBench, openAccounts, type Person, said } from './people.ts';

async function begin(person: Person, path: string): Promise<Ceremony> {
  const answer = await person.ask('POST', path, {});
  assert.equal(answer.status, 200, String(answer.body));
  return said(answer)['options'] as Ceremony;
}

async function withPasskey(t: TestContext) {
  const bench = await openAccounts(t);
  const id = await bench.addAccount('anna');
  const person = bench.person();
  await person.logIn('anna');
  person.arrive();
  const authenticator = createAuthenticator();
  const options = await begin(person, '/passkeys/options');
  const kept = await person.ask('POST', '/passkeys', { response: authenticator.register(options), label: 'laptop' });
  assert.equal(kept.status, 200, String(kept.body));
  bench.admitted.length = 0;
  return { bench, id, person, authenticator };
}

async function tryWith(bench: AccountsBench, authenticator: Authenticator, twist?: Twist, person = bench.person()) {
  const options = await begin(person, '/login/passkey/options');
  return person.ask('POST', '/login/passkey', { response: authenticator.answer(options, twist) });
}

test('R63 a passkey is added by who is logged in, and logs in without a name', async (t) => {
  const { bench, id, person, authenticator } = await withPasskey(t);
  const answer = await tryWith(bench, authenticator);
  assert.equal(answer.status, 200);
  assert.equal(bench.admitted[0]?.subject.id, id);
  assert.deepEqual(bench.admitted[0]?.subject.amr, ['pop', 'user', 'mfa']);
  const listed = said(await person.ask('GET', '/passkeys'))['passkeys'];
  assert.deepEqual(
    (listed as { label: string }[]).map(({ label }) => label),
    ['laptop'],
  );
});

const WRONG: readonly (readonly [string, Twist])[] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['another port of the same host', { origin: 'http://localhost:4001' }],
  ['another place’s rpIdHash', { rpId: 'evil.example' }],
  ['a challenge that was not ours', { challenge: Buffer.alloc(52, 7).toString('base64url') }],
  ['a registration in place of a login', { type: 'webauthn.create' }],
  ['a user who was not verified', { flags: 1 }],
  ['a user who was not present', { flags: 4 }],
  ['another account’s user handle', { userHandle: Buffer.from('somebody else').toString('base64url') }],
];

for (const [what, twist] of WRONG) {
  test(`R63 ${what} is refused`, async (t) => {
    const { bench, authenticator } = await withPasskey(t);
    const answer = await tryWith(bench, authenticator, twist);
    assert.equal(answer.status, 401);
    assert.equal(bench.admitted.length, 0);
    assert.equal((await tryWith(bench, authenticator)).status, 200, 'and the owner still logs in');
  });
}

test('R63 an answer is good once', async (t) => {
  const { bench, authenticator } = await withPasskey(t);
  const person = bench.person();
  const options = await begin(person, '/login/passkey/options');
  const response = authenticator.answer(options);
  assert.equal((await person.ask('POST', '/login/passkey', { response })).status, 200);
  assert.equal((await person.ask('POST', '/login/passkey', { response })).status, 401);
  const again = authenticator.answer(options);
  assert.equal((await person.ask('POST', '/login/passkey', { response: again })).status, 401, 'nor its challenge');
});

test('R63 of two answers to one challenge at once, one is taken', async (t) => {
  const { bench, authenticator } = await withPasskey(t);
  const person = bench.person();
  const options = await begin(person, '/login/passkey/options');
  const answers = [authenticator.answer(options), authenticator.answer(options)];
  const statuses = await Promise.all(
    answers.map(async (response) => (await person.ask('POST', '/login/passkey', { response })).status),
  );
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join(' '));
});

test('R63 a challenge belongs to the session it was given to, and ends after five minutes', async (t) => {
  const { bench, authenticator } = await withPasskey(t);
  const person = bench.person();
  const options = await begin(person, '/login/passkey/options');
  const thief = bench.person();
  assert.equal((await thief.ask('POST', '/login/passkey', { response: authenticator.answer(options) })).status, 401);
  bench.pass(301_000);
  assert.equal((await person.ask('POST', '/login/passkey', { response: authenticator.answer(options) })).status, 401);
});

test('R63 a counter that does not rise is a copy, and is refused', async (t) => {
  const { bench, authenticator } = await withPasskey(t);
  assert.equal((await tryWith(bench, authenticator)).status, 200);
  authenticator.counter = 0;
  assert.equal((await tryWith(bench, authenticator)).status, 401);
});

test('R63 a challenge for a login registers nothing, nor the other way round', async (t) => {
  const { person, bench, authenticator } = await withPasskey(t);
  const login = await begin(person, '/login/passkey/options');
  const other = createAuthenticator();
  const response = other.register({ ...login, rp: { id: 'localhost' } });
  assert.equal((await person.ask('POST', '/passkeys', { response })).status, 401);
  const register = await begin(person, '/passkeys/options');
  const answer = authenticator.answer({ challenge: register.challenge, rpId: 'localhost' });
  assert.equal((await person.ask('POST', '/login/passkey', { response: answer })).status, 401);
  assert.equal(bench.admitted.length, 0);
});

test('R62 to add or remove a passkey asks for a login of the last five minutes', async (t) => {
  const { bench, person, authenticator } = await withPasskey(t);
  bench.pass(301_000);
  for (const [path, body] of [
    ['/passkeys/options', {}],
    ['/passkeys/remove', { credential: authenticator.id }],
  ] as const) {
    const answer = await person.ask('POST', path, body);
    assert.equal(said(answer)['code'], 'step-up');
  }
  assert.equal((await tryWith(bench, authenticator)).status, 200);
});

test('a passkey that was removed logs nobody in, and only its owner removes it', async (t) => {
  const { bench, person, authenticator } = await withPasskey(t);
  await bench.addAccount('bert');
  const bert = bench.person();
  await bert.logIn('bert');
  bert.arrive();
  const body = { credential: authenticator.id };
  assert.deepEqual(said(await bert.ask('POST', '/passkeys/remove', body)), { removed: false });
  assert.equal((await tryWith(bench, authenticator)).status, 200);
  assert.deepEqual(said(await person.ask('POST', '/passkeys/remove', body)), { removed: true });
  assert.equal((await tryWith(bench, authenticator)).status, 401);
});

test('nobody without a login adds a passkey', async (t) => {
  const bench = await openAccounts(t);
  for (const path of ['/passkeys/options', '/passkeys', '/passkeys/remove']) {
    assert.equal(said(await bench.person().ask('POST', path, {}))['code'], 'login-required');
  }
});

test('a passkey of a blocked account logs nobody in', async (t) => {
  const { bench, id, authenticator } = await withPasskey(t);
  await bench.records.users.set({ source: 'accounts', subject: id, blocked: true, reason: '', by: 'admin', until: 0 });
  assert.equal((await tryWith(bench, authenticator)).status, 401);
});

test('broken answers are refused and cost next to nothing', async (t) => {
  const { bench, authenticator } = await withPasskey(t);
  for (const response of [
    {},
    { id: 7 },
    { id: 'x'.repeat(3000) },
    { id: authenticator.id },
    { id: authenticator.id, response: null },
    { id: authenticator.id, response: { clientDataJSON: '!', authenticatorData: '', signature: '' } },
    { id: authenticator.id, rawId: authenticator.id, type: 'public-key', response: { clientDataJSON: 'e30' } },
  ]) {
    const answer = await bench.person().ask('POST', '/login/passkey', { response });
    assert.equal(answer.status, 401, JSON.stringify(response).slice(0, 80));
  }
  for (const body of [{}, { response: 'text' }, { response: [] }, 'no JSON']) {
    assert.equal((await bench.person().ask('POST', '/login/passkey', body)).status, 400);
  }
});
