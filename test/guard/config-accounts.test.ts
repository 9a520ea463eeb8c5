import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountsConfig } from '../../src/guard/config-accounts.ts';
import { parseConfig } from '../../src/guard/config-schema.ts';
import { ConfigError } from '../../src/guard/errors.ts';

const parse = (accounts: unknown) => parseConfig({ to: 'http://localhost:3000', login: { accounts } }, 'test');

test('accounts are taken by true, and by every field alone', () => {
  const send = (): void => {};
  const rows: readonly (true | AccountsConfig)[] = [
    true,
    {},
    { signUp: 'open' },
    { email: 'verified', sendVerification: send },
    { sendReset: send },
    { passwordLength: 8 },
    { passwordLength: 128 },
    { passkeys: false, secondFactor: false },
    { life: 3600, checksPerMinute: 10 },
    { token: true },
    { token: false },
    { token: 'your-api-token' },
  ];
  for (const row of rows) assert.deepEqual(parse(row).login?.accounts, row);
});

const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
  ['anything but true', false, /login\.accounts.*write true, or an object/],
  ['a word', 'yes', /login\.accounts/],
  ['an unknown field', { signup: 'open' }, /login\.accounts/],
  [
    'addresses that nobody could confirm',
    { email: 'verified' },
    /login\.accounts\.email is "verified"; .*sendVerification/,
  ],
  ['a password that nobody could type', { passwordLength: 500 }, /passwordLength is 500; .*128 or less/],
  ['a password that anybody could guess', { passwordLength: 4 }, /login\.accounts/],
  ['a header that pages cannot set', { token: 'cookie' }, /login\.accounts/],
  ['a header of the gate’s own', { token: 'Sallyport-Assertion' }, /login\.accounts/],
  ['a header that is none', { token: 'your api token' }, /login\.accounts/],
  ['an address in place of a function', { sendReset: 'smtp://user:secret@mail' }, /login\.accounts/],
];

for (const [what, accounts, says] of WRONG) {
  test(`${what} is refused, by field and rule, without showing what may be a secret`, () => {
    assert.throws(
      () => parse(accounts),
      (error) => error instanceof ConfigError && says.test(error.message) && !error.message.includes('secret@'),
    );
  });
}

test('the names of the accounts’ own addresses are no providers’', () => {
  const provider = { issuer: 'https://login.example', clientId: 'gate', clientSecret: 'from the environment' };
  for (const name of ['passkey', 'second-factor', 'accounts']) {
    const config = { to: 'http://localhost:3000', login: { providers: { [name]: provider } } };
    assert.throws(() => parseConfig(config, 'test'), /this name is taken/);
  }
});
