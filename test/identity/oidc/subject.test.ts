import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { IDToken, TokenEndpointResponse } from 'openid-client';
import type { ProviderConfig } from '../../../src/guard/config-login.ts';
import type { Subject } from '../../../src/guard/subject.ts';
import { createBoundedFetch } from '../../../src/identity/oidc/bounded-fetch.ts';
import { toSubject } from '../../../src/identity/oidc/subject.ts';

const CONFIG: ProviderConfig = { issuer: 'https://login.example', clientId: 'gate' };

function subjectOf(claims: object, config: Partial<ProviderConfig> = {}, tokens: object = {}): Subject {
  const id = { iss: 'https://login.example', aud: 'gate', sub: 'alice', iat: 1, exp: 2, ...claims } as IDToken;
  const response = { access_token: 'a', token_type: 'bearer', ...tokens } as TokenEndpointResponse;
  return toSubject('one', { ...CONFIG, ...config }, { id, user: null, tokens: response });
}

suite('who a provider says it is', () => {
  for (const sub of ['', 'a'.repeat(256), 'al\nice', 'älice']) {
    test(`${JSON.stringify(sub).slice(0, 20)} names nobody`, () => {
      assert.throws(() => subjectOf({ sub }), /sub/);
    });
  }

  test('roles lie under a name, a name with dots, or a path', () => {
    const claims = {
      groups: ['a', 'b'],
      'https://app.example/roles': ['c'],
      realm_access: { roles: ['d', 7, '', 'e'.repeat(256)] },
      role: 'f g',
    };
    assert.deepEqual(subjectOf(claims, { roles: 'groups' }).roles, ['a', 'b']);
    assert.deepEqual(subjectOf(claims, { roles: 'https://app.example/roles' }).roles, ['c']);
    assert.deepEqual(subjectOf(claims, { roles: 'realm_access.roles' }).roles, ['d'], 'what is no role is left out');
    assert.deepEqual(subjectOf(claims, { roles: 'role' }).roles, ['f', 'g']);
    for (const roles of [
      'nothing',
      'realm_access.nothing',
      'realm_access.roles.length',
      '__proto__',
      'constructor.name',
    ]) {
      assert.deepEqual(subjectOf(claims, { roles }).roles, [], roles);
    }
    assert.deepEqual(subjectOf(claims).roles, []);
    assert.equal(subjectOf({ groups: Array.from({ length: 5000 }, String) }, { roles: 'groups' }).roles.length, 256);
  });

  test('scopes are what was granted, or what was asked where the response leaves it out (RFC 6749 §5.1)', () => {
    assert.deepEqual(subjectOf({}, { scopes: ['openid', 'a'] }, { scope: 'openid' }).scopes, ['openid']);
    assert.deepEqual(subjectOf({}, { scopes: ['openid', 'a'] }).scopes, ['openid', 'a']);
    assert.deepEqual(subjectOf({ scp: ['x'] }, { scopesFrom: 'scp' }, { scope: 'openid' }).scopes, ['x']);
    assert.deepEqual(subjectOf({}, { scopesFrom: 'scp' }, { scope: 'openid admin' }).scopes, [], 'no way round');
  });

  test('of the claims those that were asked for are kept, as long as they fit', () => {
    const claims = {
      name: 'Alice',
      email: 'alice@example.org',
      phone: '1',
      big: 'x'.repeat(9000),
      nonce: 'n',
      at_hash: 'h',
    };
    assert.deepEqual(subjectOf(claims).claims, { name: 'Alice', email: 'alice@example.org' });
    assert.deepEqual(subjectOf(claims, { claims: ['phone'] }).claims, { phone: '1' });
    assert.deepEqual(subjectOf(claims, { claims: ['big'] }).claims, {});
  });

  test('R62 acr, amr and auth_time count only in their own form', () => {
    const odd = subjectOf({ acr: 7, amr: 'pwd otp', auth_time: '1' });
    assert.equal(odd.acr, '');
    assert.deepEqual(odd.amr, ['pwd', 'otp']);
    assert.equal(odd.authTime, 0, 'unknown, so never recent');
  });
});

test('a flood of logins asks a provider at most 64 things at once', async () => {
  const waiting: (() => void)[] = [];
  const fetch = createBoundedFetch({
    allows: () => true,
    fetch: () => new Promise((resolve) => waiting.push(() => resolve(new Response('{}')))),
  });
  const options = { method: 'GET', headers: {}, body: null, redirect: 'manual' } as const;
  const all = Array.from({ length: 70 }, () => fetch('https://login.example/', options));
  const settled = Promise.allSettled(all);
  assert.equal(waiting.length, 64);
  for (const answer of waiting) answer();
  const outcomes = (await settled).map(({ status }) => status);
  assert.equal(outcomes.filter((status) => status === 'rejected').length, 6);
  const next = fetch('https://login.example/', options);
  waiting.at(-1)?.();
  assert.equal((await next).status, 200, 'and afterwards it goes on');
});
