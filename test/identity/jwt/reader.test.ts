import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from './issuer.ts';
import { type Desk, issuerAt, openDesk, session } from './support.ts';

describe('a token that the app already has', () => {
  let key: TestKey;
  let server: KeyServer;
  let desk: Desk;
  before(async () => {
    key = await makeKey();
    server = await startKeyServer([key.jwk]);
    desk = await openDesk(issuerAt(server.url, { roles: 'realm_access.roles', claims: ['email', 'tenant'] }));
  });
  after(async () => {
    await desk.close();
    await server.close();
  });

  test('R57 a good token says who, in which roles and with which scopes', async () => {
    const claims = { realm_access: { roles: ['editor'] }, scope: 'posts:read posts:write', email: 'ada@example.org' };
    const token = await makeToken(key, desk.clock.now, { claims: { ...claims, secret: 'not kept', auth_time: 5 } });
    const { subject } = await desk.bearer(token);
    assert.deepEqual(subject, {
      id: 'ada',
      source: 'jwt',
      roles: ['editor'],
      scopes: ['posts:read', 'posts:write'],
      acr: '',
      amr: [],
      authTime: 5,
      claims: { email: 'ada@example.org' },
    });
  });

  test('a token is verified once: from then on the answer is there at once', async () => {
    const token = await makeToken(key, desk.clock.now);
    const first = await desk.bearer(token);
    const second = await desk.bearer(token);
    assert.deepEqual([first.atOnce, second.atOnce], [false, true]);
    assert.equal(second.subject, first.subject);
  });

  test('R57 a verified token ends when it says so, not when memory forgets it', async () => {
    const token = await makeToken(key, desk.clock.now);
    const shown = { session: session() };
    assert.equal((await desk.bearer(token, shown)).code, '');
    desk.clock.now += 629_000;
    assert.equal((await desk.bearer(token, shown)).code, '', 'within the clock’s skew');
    desk.clock.now += 1_000;
    const late = await desk.bearer(token, shown);
    assert.deepEqual([late.code, late.evidence], ['login-required', 'token: exp: 630 s ago'.replace('630', '30')]);
  });

  test('requests without a token, and other schemes, are nobody’s business here', async () => {
    for (const headers of [{}, { authorization: 'Basic YWRhOnNlY3JldA==' }, { authorization: 'Bearer' }]) {
      const shown = await desk.show({ headers });
      assert.deepEqual([shown.subject, shown.code, shown.atOnce], [null, '', true], JSON.stringify(headers));
    }
  });
});
