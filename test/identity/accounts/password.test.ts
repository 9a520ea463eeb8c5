import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordHasher, hasArgon2 } from '../../../src/identity/accounts/password.ts';
import { isGoodPassword } from '../../../src/identity/accounts/password-rules.ts';

const ALGORITHMS = hasArgon2 ? (['argon2id', 'scrypt'] as const) : (['scrypt'] as const);

for (const algorithm of ALGORITHMS) {
  test(`${algorithm}: a password fits its own hash and no other, and hashes are salted`, async () => {
    const hasher = createPasswordHasher(algorithm);
    const [one, other] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
    assert.ok(one.startsWith(`$${algorithm}$`));
    assert.notEqual(one, other);
    assert.equal(await hasher.verify('correct horse', one), true);
    assert.equal(await hasher.verify('correct horsf', one), false);
  });

  test(`${algorithm}: hashes made before are read whatever is used now`, async () => {
    const made = await createPasswordHasher(algorithm).hash('correct horse');
    for (const now of ALGORITHMS) assert.equal(await createPasswordHasher(now).verify('correct horse', made), true);
  });
}

test('letters composed in another way are the same password', async () => {
  const hasher = createPasswordHasher();
  assert.equal(await hasher.verify('ﬁne\u0301', await hasher.hash('finé')), true);
});

test('hashing keeps the main thread free', async () => {
  let turns = 0;
  let ended = false;
  const turn = (): void => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  await createPasswordHasher().hash('correct horse');
  ended = true;
  assert.ok(turns > 3, `${turns} turns of the loop meanwhile`);
});

test('what we did not write, or asks for too much, fits nothing', async () => {
  const hasher = createPasswordHasher();
  for (const stored of [
    '',
    'correct horse',
    `$argon2id$v=19$m=9999999,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `$argon2id$v=19$m=19456,t=99,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `$scrypt$ln=30,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `$argon2id$v=19$m=19456,t=2,p=1$$`,
  ]) {
    assert.equal(await hasher.verify('correct horse', stored), false, stored);
  }
});

for (const [password, good, why] of [
  ['correct horse', true, 'a few words'],
  ['short', false, 'too short'],
  ['aaaaaaaaaaaa', false, 'one character over and over'],
  ['anna12345', false, 'too short'],
  ['annaannaanna1', false, 'the name and little else'],
  ['пароль из слов', true, 'any script'],
  ['🐎🔋📎🌲🐎🔋📎🌲🚲', false, 'nine characters, though more units'],
  ['🐎🔋📎🌲🐎🔋📎🌲🚲🎈', true, 'ten characters'],
  ['x'.repeat(300), false, 'too long'],
  ['all-lower-case-without-digits', true, 'no rules about kinds of characters'],
] as const) {
  test(`as a password ${JSON.stringify(password.slice(0, 20))} is ${good ? 'fine' : 'refused'}: ${why}`, () => {
    assert.equal(isGoodPassword(password, 'anna'), good);
  });
}
