import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRandom } from '../../src/doors/random.ts';
import { labelOf } from '../../src/guard/session-label.ts';
import { createLoginBook } from '../../src/identity/logins.ts';
import { createOwnSessions } from '../../src/identity/own-sessions.ts';
import type { Source, StoredLogin } from '../../src/identity/source.ts';
import { createVault } from '../../src/identity/vault.ts';
import { answered, createPage, pairOf } from '../doors/support.ts';
import { createHouse, createKey, signed } from './house.ts';

test('R16 a login begins a session with a new id, bound to the browser’s key, and the old one is dead', async () => {
  const house = await createHouse();
  const { before, after, old, session, key } = await house.login();
  assert.notEqual(session.id, old.id);
  assert.equal(session.key, createHash('sha256').update(key.raw).digest('base64url'));
  assert.notEqual(after.message.login, '0');
  assert.equal(after.message.session, labelOf(session.id));
  assert.equal((await house.book.of(session.id))?.subject.id, 'alice');
  const ticket = house.doors.tickets.openTicket(after.message.ticket);
  assert.ok(typeof ticket !== 'string');
  assert.equal(ticket.loginEpoch, session.login);
  const oldTicket = house.doors.tickets.openTicket(before.message.ticket);
  assert.ok(typeof oldTicket !== 'string');
  const ref = { place: oldTicket.sessionPlace, idHigh: oldTicket.sessionIdHigh, idLow: oldTicket.sessionIdLow };
  assert.equal(await house.book.hasChanged(ref), true);
});

test('a login waits for the key of its session, and is not used up by an entry without it', async () => {
  const house = await createHouse();
  const before = answered(await house.doors.enter(house.stamp()));
  const old = house.open(before.cookies[0] ?? '');
  const [grant] = await house.desk.admit(house.call({ id: old.id, label: '', login: null }), house.stored());
  const cookie = `${house.stamp()}; ${pairOf(before.cookies[0])}; ${pairOf(grant)}`;
  const refused = await house.doors.enter(cookie);
  assert.equal(refused.kind === 'refuse' && refused.code, 'session-key');
  const page = createPage();
  assert.notEqual(answered(await house.doors.enter(cookie, page, {}, signed(createKey(), page))).message.login, '0');
});

test('a login is nobody else’s: another browser’s session, another page key’s signature, a second time', async () => {
  const house = await createHouse();
  const { grant, key, cookie } = await house.login();
  const other = answered(await house.doors.enter(house.stamp()));
  const page = createPage();
  const stolen = await house.doors.enter(
    `${house.stamp()}; ${pairOf(other.cookies[0])}; ${pairOf(grant)}`,
    page,
    {},
    signed(createKey(), page),
  );
  assert.equal(answered(stolen).message.login, '0', 'the grant is for the browser it was made in');
  const thief = createPage();
  const again = await house.doors.enter(cookie, thief, {}, signed(createKey(), thief));
  assert.equal(answered(again).message.login, '0', 'another key took it up');
  const replayed = createPage();
  const borrowed = await house.doors.enter(cookie, replayed, {}, signed(key, createPage()));
  assert.equal(borrowed.kind === 'refuse' && borrowed.code, 'session-key', 'the signature names another page key');
});

test('P7.3 a second tab of the browser that logged in joins the same session', async () => {
  const house = await createHouse();
  const { cookie, key, session } = await house.login();
  const page = createPage();
  const second = answered(await house.doors.enter(cookie, page, {}, signed(key, page)));
  assert.equal(second.message.session, labelOf(session.id));
});

test('P7.3 a login holds though another tab, without a session until then, got one in the same second', async () => {
  const house = await createHouse();
  const [grant = ''] = await house.desk.admit(house.call(null), house.stored());
  // Sent before the login was answered, so without its grant; its answer comes after.
  const tab = answered(await house.doors.enter(house.stamp()));
  const cookie = `${house.stamp()}; ${pairOf(tab.cookies[0])}; ${pairOf(grant)}`;
  const page = createPage();
  const entered = answered(await house.doors.enter(cookie, page, {}, signed(createKey(), page)));
  assert.notEqual(entered.message.login, '0');
  assert.notEqual(entered.message.session, tab.message.session, 'the session of before is not gone on with');
});

test('a grant is good for a minute', async () => {
  const house = await createHouse();
  const before = answered(await house.doors.enter(house.stamp()));
  const old = house.open(before.cookies[0] ?? '');
  const [grant] = await house.desk.admit(house.call({ id: old.id, label: '', login: null }), house.stored());
  house.clock.advance(61);
  const page = createPage();
  const cookie = `${house.stamp()}; ${pairOf(before.cookies[0])}; ${pairOf(grant)}`;
  const late = answered(await house.doors.enter(cookie, page, {}, signed(createKey(), page)));
  assert.equal(late.message.login, '0');
});

test('a stolen cookie of a bound session opens no second door: it gets a session of its own, and its owner stays in', async () => {
  const house = await createHouse();
  const { after, session, key } = await house.login();
  const cookie = pairOf(after.cookies[0]);
  const bare = await house.doors.enter(`${house.stamp()}; ${cookie}`);
  assert.equal(bare.kind === 'refuse' && bare.code, 'session-key');
  const page = createPage();
  const thief = answered(await house.doors.enter(`${house.stamp()}; ${cookie}`, page, {}, signed(createKey(), page)));
  assert.equal(thief.message.login, '0');
  assert.notEqual(thief.message.session, labelOf(session.id));
  const own = createPage();
  const mine = answered(
    await house.doors.enter(`${house.stamp()}; ${cookie}`, own, {}, signed(key, own, labelOf(session.id))),
  );
  assert.equal(mine.message.session, labelOf(session.id));
  assert.equal(mine.message.login, after.message.login);
});

test('a page that was open before a login does not go on as somebody else', async () => {
  const house = await createHouse();
  const { after, session, key } = await house.login();
  const page = createPage();
  const cookie = `${house.stamp()}; ${pairOf(after.cookies[0])}`;
  const more = { ...signed(key, page, labelOf(session.id)), login: '0' };
  const old = await house.doors.enter(cookie, page, {}, more);
  assert.equal(old.kind === 'refuse' && old.code, 'login-changed');
  const same = createPage();
  const known = { ...signed(key, same, labelOf(session.id)), login: after.message.login };
  assert.equal(answered(await house.doors.enter(cookie, same, {}, known)).message.login, after.message.login);
});

test('R18 after logout the cookie and the session’s key resume nothing, and nothing of the login is left', async () => {
  const house = await createHouse();
  const { after, session, key } = await house.login();
  const cookies = await house.desk.leave(house.call({ id: session.id, label: '', login: null }));
  assert.ok(cookies.some((cookie) => cookie.startsWith('__Host-sallyport=;') && cookie.includes('Max-Age=0')));
  assert.equal(await house.book.of(session.id), null);
  const page = createPage();
  const cookie = `${house.stamp()}; ${pairOf(after.cookies[0])}`;
  const again = answered(await house.doors.enter(cookie, page, {}, signed(key, page, labelOf(session.id))));
  assert.equal(again.message.login, '0');
  assert.notEqual(again.message.session, labelOf(session.id));
});

test('R61 the provider ends a session by its own name for it, wherever it is', async () => {
  const house = await createHouse();
  const { session } = await house.login();
  const [other] = [await house.login()];
  assert.equal(await house.desk.end({ source: 'accounts', sid: 'elsewhere' }), 0);
  assert.equal(await house.desk.end({ source: 'accounts', sid: 'at-provider' }), 2);
  for (const ended of [session, other.session]) {
    assert.equal(await house.book.of(ended.id), null);
    const ref = { place: ended.place, idHigh: ended.idHigh, idLow: ended.idLow };
    assert.equal(await house.book.hasChanged(ref), true);
  }
});

test('R15 records know neither a session’s id nor its tokens', async () => {
  const house = await createHouse();
  const { session } = await house.login();
  const tokens = {
    access: 'access-secret',
    refresh: 'refresh-secret',
    id: 'id-secret',
    expires: 0,
    relay: 'access',
  } as const;
  const { place, idHigh, idLow } = session;
  await house.book.put(session.id, { place, idHigh, idLow }, { ...house.stored(), tokens });
  for (const row of await house.records.logins.list()) {
    const text = `${JSON.stringify(row)} ${Buffer.from(row.content).toString('latin1')}`;
    for (const secret of [session.id, 'access-secret', 'refresh-secret', 'id-secret'])
      assert.ok(!text.includes(secret));
  }
  assert.equal((await house.book.of(session.id))?.relay, 'Bearer access-secret');
});

test('R60 tokens are renewed once for all who ask, and a refusal of the provider ends the session', async () => {
  let asked = 0;
  let answer: StoredLogin | null = null;
  const source: Source = {
    name: 'accounts',
    endpoints: [],
    async renew() {
      asked += 1;
      return answer;
    },
    close: async () => {},
  };
  const house = await createHouse(new Map([['accounts', source]]));
  const { session } = await house.login();
  const { place, idHigh, idLow } = session;
  const expires = house.clock.wall() + 60_000;
  const tokens = { access: 'first', refresh: 'r', id: 'i', expires, relay: 'access' } as const;
  await house.book.put(session.id, { place, idHigh, idLow }, { ...house.stored(), tokens });
  assert.equal((await house.book.of(session.id))?.relay, 'Bearer first');
  assert.equal(asked, 0);
  house.clock.advance(45);
  answer = { ...house.stored(), tokens: { ...tokens, access: 'second', expires: house.clock.wall() + 60_000 } };
  const both = await Promise.all([house.book.of(session.id), house.book.of(session.id)]);
  assert.deepEqual(
    both.map((login) => login?.relay),
    ['Bearer second', 'Bearer second'],
  );
  assert.equal(asked, 1);
  house.clock.advance(45);
  answer = null;
  assert.equal(await house.book.of(session.id), null);
  assert.equal(asked, 2);
});

test('R18 a login that ends while records are asked about it is not kept in memory by their answer', async (t) => {
  const house = await createHouse();
  const { session } = await house.login();
  // A second process, which has not been asked about this session yet.
  const { records, vault, clock } = house;
  const parts = { records, vault, clock, sources: new Map(), hasChanged: () => false, onEnded: () => {} };
  const other = createLoginBook(parts);
  const get = records.logins.get.bind(records.logins);
  const told = new Promise<void>((resolve) => records.onChange(({ action }) => action === 'removed' && resolve()));
  let held = 0;
  t.mock.method(records.logins, 'get', async (hash: string) => {
    const row = await get(hash);
    if (held++ > 0) return row;
    assert.ok(row, 'it was there when it was read');
    await house.book.remove(session.id);
    await told;
    return row;
  });
  assert.equal(await other.of(session.id), null);
  assert.equal(await other.of(session.id), null);
  other.close();
});

test('a provider that cannot be reached ends no session', async () => {
  const source: Source = {
    name: 'accounts',
    endpoints: [],
    renew: async () => Promise.reject(new Error('down')),
    close: async () => {},
  };
  const house = await createHouse(new Map([['accounts', source]]));
  const { session } = await house.login();
  const { place, idHigh, idLow } = session;
  const tokens = {
    access: 'first',
    refresh: 'r',
    id: 'i',
    expires: house.clock.wall() + 1000,
    relay: 'access',
  } as const;
  await house.book.put(session.id, { place, idHigh, idLow }, { ...house.stored(), tokens });
  assert.equal((await house.book.of(session.id))?.subject.id, 'alice');
});

test('what was sealed for one session opens for no other', () => {
  const vault = createVault(randomBytes(32), createRandom());
  const sealed = vault.seal('login', 'a', Buffer.from('x'));
  assert.equal(vault.open('login', 'a', sealed)?.toString(), 'x');
  assert.equal(vault.open('login', 'b', sealed), null);
  assert.equal(vault.open('session place', 'a', sealed), null);
  assert.equal(vault.open('login', 'a', sealed.subarray(1)), null);
  assert.equal(vault.open('login', 'a', Buffer.alloc(0)), null);
});

test('R19 people see their own sessions and end them, after they have lately shown who they are', async () => {
  const house = await createHouse();
  const [here, there] = [await house.login(), await house.login()];
  const revoked: number[] = [];
  const tokensEnded: string[] = [];
  const endpoints = createOwnSessions({
    records: house.records,
    book: house.book,
    vault: house.vault,
    clock: house.clock,
    policy: () => house.doors.policy,
    revoke: ({ place }) => void revoked.push(place),
    endTokens: async ({ id }) => void tokensEnded.push(id),
  });
  const ask = async (path: string, body: unknown, session = here.session) => {
    const endpoint = endpoints.find((one) => one.path === path);
    assert.ok(endpoint);
    assert.equal(endpoint.asks, 'proof', 'a copied cookie does not ask');
    const login = await house.book.of(session.id);
    const call = house.call({ id: session.id, label: '', login });
    const decision = {
      outcome: 'admit',
      id: 'i',
      route: house.doors.policy.ownRoute,
      carrier: 'call',
      responseFields: [],
    };
    // The fields that a problem document is made of.
    const shown = { ...call, decision: decision as unknown as typeof call.decision };
    const answer = await endpoint.answer({ ...shown, body: Buffer.from(JSON.stringify(body)) });
    return { status: answer.status, body: JSON.parse(String(answer.body)) };
  };
  const listed = await ask('/sessions', '');
  assert.deepEqual(listed.body.sessions.map(({ current }: { current: boolean }) => current).sort(), [false, true]);
  assert.ok(!JSON.stringify(listed.body).includes(there.session.id));
  house.clock.advance(301);
  const stale = await ask('/sessions/end', { others: true });
  assert.deepEqual([stale.status, stale.body.code], [401, 'step-up']);
  assert.notEqual(await house.book.of(there.session.id), null);
  house.clock.advance(-301);
  for (const body of [null, {}, { id: 7 }, { id: '' }, { others: 'yes' }]) {
    assert.equal((await ask('/sessions/end', body)).body.code, 'schema', JSON.stringify(body));
  }
  assert.deepEqual((await ask('/sessions/end', { id: 'no-such-one' })).body, { ended: 0 });
  // More than are listed.
  for (let more = 0; more < 120; more++) {
    await house.book.put(randomBytes(16).toString('base64url'), { place: 0, idHigh: 0, idLow: more }, house.stored());
  }
  assert.equal((await ask('/sessions', '')).body.sessions.length, 100);
  assert.deepEqual((await ask('/sessions/end', { others: true })).body, { ended: 121 });
  assert.equal(await house.book.of(there.session.id), null);
  assert.ok(revoked.includes(there.session.place));
  assert.deepEqual(tokensEnded, ['alice'], 'with the tokens that pages keep');
  const [event] = await house.records.audit.list({ action: 'login.sessions.end' });
  assert.deepEqual([event?.actor.split(':')[1], event?.details], ['alice', { ended: 121 }]);
  assert.notEqual(await house.book.of(here.session.id), null, 'the present one goes on');
  assert.equal((await ask('/sessions', '', there.session)).body.code, 'login-required');
});
