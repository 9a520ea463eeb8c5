import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createOwners } from '../../../src/identity/jwt/owners.ts';
import { createJwtReader } from '../../../src/identity/jwt/reader.ts';
import { viewOf } from '../../support/view.ts';
import { revokeToken } from '../../../src/identity/jwt/standing.ts';
import { encode, type KeyServer, makeKey, makeToken, startKeyServer, type TestKey } from './issuer.ts';
import { type Desk, issuerAt, openDesk, session } from './support.ts';

let key: TestKey;
let server: KeyServer;
before(async () => {
  key = await makeKey();
  server = await startKeyServer([key.jwk]);
});
after(() => server.close());

describe('a token belongs to the session that shows it first', () => {
  let desk: Desk;
  let token: string;
  const [mine, thief] = [session(), session()];
  beforeEach(async () => {
    desk = await openDesk(issuerAt(server.url));
    token = await makeToken(key, desk.clock.now, { claims: { exp: Math.floor(desk.clock.now / 1000) + 9 * 86_400 } });
    assert.equal((await desk.bearer(token, { session: mine })).code, '');
    return () => desk.close();
  });

  test('a stolen token is worth nothing in the thief’s own session, with its cookie or its proof', async () => {
    for (const shown of [{ session: thief }, { ticket: thief }, { session: thief, ticket: thief }]) {
      const answer = await desk.bearer(token, shown);
      assert.deepEqual(
        [answer.subject, answer.code, answer.evidence],
        [null, 'session-mismatch', 'token: token of another session'],
      );
    }
    assert.equal((await desk.bearer(token, { session: mine, ticket: mine })).code, '', 'and its owner goes on');
  });

  test('a second signature over the same token does not make it another one (ECDSA)', async () => {
    const [head = '', payload = '', signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    const other = `${head}.${payload}.${twin.toString('base64url')}`;
    assert.equal((await desk.bearer(other, { session: mine })).code, '', 'it holds as well');
    assert.equal((await desk.bearer(other, { session: thief })).code, 'session-mismatch');
  });

  test('once its session has ended (a logout, a login, time) the person’s next one takes it over', async () => {
    desk.ended.add(mine);
    const next = session();
    assert.equal((await desk.bearer(token, { session: next })).code, '');
    assert.equal((await desk.bearer(token, { session: thief })).code, 'session-mismatch');
    desk.clock.now += 13 * 3_600_000;
    const [much, later] = [session(), session()];
    assert.equal((await desk.bearer(token, { session: much })).code, '', 'idle for longer than sessions idle');
    assert.equal((await desk.bearer(token, { session: later })).code, 'session-mismatch');
  });

  test('a session in use keeps its token for as long as it can live', async () => {
    for (let hour = 0; hour < 7 * 24; hour += 11) {
      assert.equal((await desk.bearer(token, { session: mine })).code, '');
      assert.equal((await desk.bearer(token, { session: thief })).code, 'session-mismatch', `hour ${hour}`);
      desk.clock.now += 11 * 3_600_000;
    }
  });

  test('a page without cookies owns nothing, so that a reload does not lock it out', async () => {
    const other = await makeToken(key, desk.clock.now);
    for (const ticket of [session(), session()]) assert.equal((await desk.bearer(other, { ticket })).code, '');
  });

  test('where requests show no session (levels open and site) a token is what it is elsewhere', async () => {
    assert.equal((await desk.bearer(token)).code, '');
  });

  test('a token that the app renews while calls are in flight breaks none of them', async () => {
    const renewed = await makeToken(key, desk.clock.now);
    const calls = [token, renewed, token, renewed, renewed, token].map((one) => desk.bearer(one, { session: mine }));
    assert.deepEqual(
      (await Promise.all(calls)).map(({ code }) => code),
      ['', '', '', '', '', ''],
    );
  });

  test('bind none: whoever holds a token may use it', async () => {
    const loose = await openDesk(issuerAt(server.url, { bind: 'none' }));
    for (const one of [mine, thief]) assert.equal((await loose.bearer(token, { session: one })).code, '');
    await loose.close();
  });

  test('memory of owners is bounded', () => {
    const owners = createOwners({ endedBy: () => '' }, 10);
    const shows = (name: string, id: string) =>
      owners.admits(name, {
        now: 1,
        ticket: null,
        claims: { redirectTarget: '' },
        cookieSession: id,
        policy: { session: { idle: 9, max: 9 } },
      } as never);
    for (let at = 0; at < 1000; at++) shows(`token ${at}`, mine);
    assert.equal(shows('token 999', thief), false);
    assert.equal(shows('token 0', thief), true, 'the oldest are forgotten');
  });
});

describe('revocation', () => {
  let desk: Desk;
  let token: string;
  beforeEach(async () => {
    desk = await openDesk([issuerAt(server.url, { name: 'own' })]);
    token = await makeToken(key, desk.clock.now, { claims: { jti: 'token-7' } });
    assert.equal((await desk.bearer(token)).code, '');
    assert.equal((await desk.bearer(token)).atOnce, true);
    return () => desk.close();
  });

  /** Records tell of changes in a turn of their own. */
  async function becomes(code: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      if ((await desk.bearer(token)).code === code) return;
      await new Promise((done) => setTimeout(done, 5));
    }
    assert.equal((await desk.bearer(token)).code, code);
  }

  const user = { source: 'jwt/own', subject: 'ada', reason: 'left', by: 'admin', until: 0 };

  test('R18 R19 a person who is blocked is nobody from then on, whatever token they hold, until they are let in again', async () => {
    await desk.records.users.set({ ...user, blocked: true });
    await becomes('login-required');
    const fresh = await desk.bearer(await makeToken(key, desk.clock.now));
    assert.deepEqual([fresh.code, fresh.evidence], ['login-required', 'token: blocked or revoked']);
    await desk.records.users.set({ ...user, blocked: false });
    await becomes('');
  });

  test('R19 a ban of the subject does the same, and ends with its time', async () => {
    const until = desk.clock.now + 60_000;
    const ban = { kind: 'subject' as const, value: 'jwt/own:ada', reason: 'r', by: 'admin', until };
    await desk.records.bans.add(ban);
    await becomes('login-required');
    desk.clock.now = until + 1;
    await becomes('');
  });

  test('a single token is revoked by its jti, and the person’s others go on', async () => {
    await revokeToken(desk.records, { source: 'jwt/own', jti: 'token-7', until: 0 }, 'admin');
    await becomes('login-required');
    assert.equal((await desk.bearer(await makeToken(key, desk.clock.now))).code, '');
  });

  test('people of other sources are not meant', async () => {
    for (const source of ['jwt', 'accounts', 'jwt/other'])
      await desk.records.users.set({ ...user, source, blocked: true });
    await desk.records.bans.add({ kind: 'session', value: 'jwt/own:ada', reason: 'r', by: 'admin', until: 0 });
    assert.equal((await desk.bearer(token)).code, '');
  });

  test('where records cannot be reached nobody new gets in, and who is known goes on until changes could be missed', async () => {
    await desk.records.close();
    assert.equal((await desk.bearer(token)).code, '');
    const fresh = await desk.bearer(await makeToken(key, desk.clock.now));
    assert.deepEqual([fresh.code, fresh.evidence], ['unsure', 'token: records: closed']);
  });
});

test('a token that administration revoked is refused at once, wherever administration keeps its bans', async () => {
  const desk = await openDesk([issuerAt(server.url, { name: 'own' })]);
  const banned = new Set<string>();
  const bans = {
    has: (kind: string, value: string) => banned.has(`${kind} ${value}`),
    isEmpty: (kind: string) => ![...banned].some((one) => one.startsWith(`${kind} `)),
  };
  const parts = { ...desk.parts, bans };
  const reader = await createJwtReader(parts);
  const authorization = `Bearer ${await makeToken(key, desk.clock.now, { claims: { jti: 'token-7' } })}`;
  const { context } = await desk.bearer('x.y.z');
  const ask = () => reader.read(viewOf({ headers: { authorization } }), context);
  assert.ok('id' in ((await ask()) ?? {}));
  banned.add('subject jwt/own#token:token-8');
  assert.ok('id' in ((await ask()) ?? {}));
  banned.add('subject jwt/own#token:token-7');
  const refused = ask();
  assert.ok(
    !(refused instanceof Promise) && refused !== null && 'code' in refused && refused.code === 'login-required',
  );
  reader.close?.();
  await desk.close();
});

describe('where tokens come', () => {
  test('in a header of the app’s own name, with or without a scheme; twice is refused', async () => {
    const desk = await openDesk(issuerAt(server.url, { header: 'Your-Api-Token' }));
    const token = await makeToken(key, desk.clock.now);
    for (const value of [token, `Bearer ${token}`]) {
      assert.equal((await desk.show({ headers: { 'your-api-token': value } })).subject?.id, 'ada');
    }
    const twice = await desk.show({ headers: { 'your-api-token': token, 'Your-API-Token': token } });
    assert.deepEqual([twice.code, twice.evidence], ['login-required', 'token: your-api-token more than once']);
    assert.equal((await desk.bearer(token)).subject, null, 'nothing is looked for elsewhere');
    await desk.close();
  });

  test('in a cookie; a second one of the same name makes both nobody’s', async () => {
    const desk = await openDesk(issuerAt(server.url, { cookie: 'access_token' }));
    const token = await makeToken(key, desk.clock.now);
    assert.equal((await desk.show({ headers: { cookie: `a=b; access_token=${token}` } })).subject?.id, 'ada');
    assert.equal(
      (await desk.show({ headers: { cookie: `access_token=${token}; access_token=${token}` } })).subject,
      null,
    );
    const lines = (cookie: string, second: string) =>
      desk.show({ headers: { cookie, Cookie: second }, repeated: ['cookie'] });
    assert.equal((await lines(`access_token=${token}`, `access_token=another`)).subject, null, 'in another line, too');
    assert.equal((await lines('a=b', `access_token=${token}`)).subject?.id, 'ada', 'lines are one field');
    await desk.close();
  });

  test('R57 a token that is known in one place is none in another, where its issuer is not listed', async () => {
    const other = { name: 'other', issuer: 'https://other.example' };
    const desk = await openDesk([
      issuerAt(server.url, { name: 'own', header: 'Your-Api-Token' }),
      issuerAt(server.url, { ...other, cookie: 'access_token' }),
    ]);
    const token = await makeToken(key, desk.clock.now);
    const inCookie = { headers: { cookie: `access_token=${token}` } };
    assert.equal((await desk.show(inCookie)).code, 'login-required', 'before it is known');
    assert.equal((await desk.show({ headers: { 'your-api-token': token } })).subject?.id, 'ada');
    const confused = await desk.show(inCookie);
    assert.deepEqual([confused.subject, confused.code], [null, 'login-required']);
    const [there, here] = await Promise.all([
      desk.show({ headers: { 'your-api-token': `${token} ` } }),
      desk.show({ headers: { cookie: `access_token=${token}` } }),
    ]);
    assert.equal(here.subject, null);
    assert.notEqual(there.code, 'unsure');
    await desk.close();
  });

  test('a request with an API key is the key’s', async () => {
    const desk = await openDesk(issuerAt(server.url));
    const { context } = await desk.bearer(await makeToken(key, desk.clock.now));
    context.key = { id: 'k', account: 'a', scopes: [] };
    assert.equal(desk.reader.read({ headers: { authorization: 'Bearer x.y.z' } } as never, context), null);
    await desk.close();
  });
});

describe('bounded cost', () => {
  test('new tokens in work at one time are bounded; what is over gets 503', async () => {
    const desk = await openDesk(issuerAt(server.url));
    const good = await makeToken(key, desk.clock.now);
    const [head, payload] = good.split('.');
    const forged = Array.from(
      { length: 400 },
      () => `${head}.${payload}.${encode(randomBytes(48).toString('base64'))}`,
    );
    const codes = (await Promise.all(forged.map((token) => desk.bearer(token)))).map(({ code }) => code);
    assert.equal(codes.filter((code) => code === 'login-required').length, 256);
    assert.equal(codes.filter((code) => code === 'unsure').length, 144);
    assert.equal((await desk.bearer(good)).code, '');
    await desk.close();
  });
});
