import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLogins } from '../../src/cli/check-logins.ts';

test('R74 without a login nothing is said of one', () => {
  assert.deepEqual(describeLogins({}), []);
});

test('R74 what is set for accounts is said, the defaults too', () => {
  assert.deepEqual(describeLogins({ login: { accounts: true } }), [
    'accounts: sign-up closed, address optional; passwords of 10 characters or more, passkeys, second factors for who wants one',
    'accounts: mail none to confirm or change an address, none to reset a password',
    'accounts: a login lasts 7 days',
  ]);
  const sendReset = (): void => {};
  const accounts = { signUp: 'open', sendReset, passkeys: false, life: 1800, token: 'your-api-token' } as const;
  const said = describeLogins({ login: { accounts } }).join('\n');
  for (const part of ['sign-up open', 'no passkeys', 'to reset a password', '30 minutes', 'sent as your-api-token']) {
    assert.ok(said.includes(part), part);
  }
});

test('R74 what is set for tokens is said, and no secret', () => {
  const secret = 'a secret of the tests, 32 characters long';
  const [line = ''] = describeLogins({
    login: {
      jwt: { issuer: 'https://id.example', audience: ['posts', 'feed'], secret, bind: 'none', dpop: 'require' },
    },
  });
  assert.equal(
    line,
    'jwt: tokens of https://id.example for posts or feed, in authorization, by a shared secret; good for whoever holds one; bound to a key only',
  );
  const jwks = 'https://id.example/keys';
  const [named = ''] = describeLogins({
    login: { jwt: [{ name: 'staff', issuer: 'https://id.example', audience: 'posts', jwks, cookie: 'token' }] },
  });
  assert.match(
    named,
    /^jwt\/staff: .*in the cookie token, by keys from https:\/\/id\.example\/keys; one session each$/,
  );
});
