import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOf } from '../../src/guard/session-label.ts';
import { createLoginBook } from '../../src/identity/logins.ts';
import type { Source, StoredLogin } from '../../src/identity/source.ts';
import { answered, createPage, pairOf } from '../doors/support.ts';
import { ALICE, createHouse, createKey, signed } from './house.ts';

/** A house whose accounts have the roles of now. */
async function createOffice() {
  const office = { roles: [] as readonly string[] };
  const source: Source = {
    name: 'accounts',
    endpoints: [],
    roles: async () => office.roles,
    close: async () => {},
  };
  const house = await createHouse(new Map([['accounts', source]]));
  /** As `sallyport users roles` does it; until everybody has heard. */
  const change = async (...roles: string[]) => {
    office.roles = roles;
    const heard = new Promise<void>((resolve) => house.records.onChange(({ kind }) => kind === 'login' && resolve()));
    await house.records.logins.touch('accounts', ALICE.id);
    await heard;
  };
  const login = await house.login();
  const oldCookie = pairOf(login.after.cookies[0]);
  /** An entry of a tab that goes on with the login it knows. */
  const enter = (cookie: string, label: string, key = login.key) => {
    const page = createPage();
    const more = { ...signed(key, page, label), login: login.after.message.login };
    return house.doors.enter(`${house.stamp()}; ${cookie}`, page, {}, more);
  };
  return { ...house, ...login, office, change, enter, oldCookie, label: labelOf(login.session.id) };
}

test('R16 new roles are in force at once, and with the next entry under a new session id; the old one is dead', async () => {
  const house = await createOffice();
  const { session, label, oldCookie, state, clock } = house;
  await house.change('editor');
  assert.deepEqual((await house.book.of(session.id))?.subject.roles, ['editor'], 'for tickets of before, too');
  const next = answered(await house.enter(oldCookie, label));
  assert.notEqual(next.message.session, label);
  assert.equal(next.message.login, house.after.message.login, 'the same person: no tab is told of another login');
  const opened = house.open(next.cookies[0] ?? '');
  assert.equal(opened.key, session.key);
  assert.deepEqual((await house.book.of(opened.id))?.subject.roles, ['editor']);
  assert.equal(await house.book.of(session.id), null);
  assert.equal(await house.book.hasMoved(session.id), true);
  assert.equal(await state.endedBy(session, clock.wall()), 'ended');
  const after = answered(await house.enter(pairOf(next.cookies[0]), next.message.session));
  assert.equal(after.message.session, next.message.session, 'once is enough');
});

test('R16 whoever copied the old cookie has nothing: no session, and not the new one either', async () => {
  const house = await createOffice();
  await house.change('editor');
  const next = answered(await house.enter(house.oldCookie, house.label));
  const bare = await house.doors.enter(`${house.stamp()}; ${house.oldCookie}`);
  assert.equal(bare.kind === 'refuse' && bare.code, 'session-key');
  const page = createPage();
  const key = createKey();
  const cookie = `${house.stamp()}; ${house.oldCookie}`;
  const thief = answered(await house.doors.enter(cookie, page, {}, signed(key, page, house.label)));
  assert.equal(thief.message.login, '0');
  assert.notEqual(thief.message.session, next.message.session);
});

test('R16 another tab goes on: with the old cookie still, because its answer was lost, or at the same moment', async () => {
  const house = await createOffice();
  await house.change('editor');
  const both = await Promise.all([
    house.enter(house.oldCookie, house.label),
    house.enter(house.oldCookie, house.label),
  ]);
  const won = both.filter(({ kind }) => kind === 'answer');
  for (const result of both)
    assert.ok(result.kind === 'answer' || result.code === 'session-key', JSON.stringify(result));
  const [first = assert.fail('nobody got in')] = won;
  const next = answered(first);
  const late = answered(await house.enter(house.oldCookie, house.label));
  assert.equal(late.message.session, next.message.session);
  assert.ok(
    late.cookies.some((one) => one.startsWith('__Host-sallyport=')),
    'the cookie comes once more',
  );
  house.clock.advance(601);
  const tooLate = await house.enter(house.oldCookie, house.label);
  assert.equal(tooLate.kind === 'refuse' && tooLate.code, 'login-required');
});

test('R18 a logout ends the login wherever it went meanwhile', async () => {
  for (const way of ['by its own old cookie', 'everywhere'] as const) {
    const house = await createOffice();
    await house.change('editor');
    const next = answered(await house.enter(house.oldCookie, house.label));
    const { id } = house.open(next.cookies[0] ?? '');
    if (way === 'everywhere') assert.equal(await house.desk.end({ source: 'accounts', subject: ALICE.id }), 1);
    else await house.desk.leave(house.call({ id: house.session.id, label: '', login: null }));
    assert.equal(await house.book.of(id), null, way);
    const old = await house.enter(house.oldCookie, house.label);
    assert.equal(old.kind === 'refuse' && old.code, 'login-required', 'no way round by the old one');
  }
});

test('R16 other processes hear of it, and a login that ends while it moves stays ended', async (t) => {
  const house = await createOffice();
  const { records, vault, clock } = house;
  const sources = new Map<string, Source>();
  const other = createLoginBook({ records, vault, clock, sources, hasChanged: () => false, onEnded: () => {} });
  t.after(() => other.close());
  assert.equal((await other.of(house.session.id))?.subject.id, ALICE.id);
  await house.change('editor');
  assert.equal(await house.book.standing(house.session.id), 'due');
  assert.equal(await other.standing(house.session.id), 'due');
  const put = records.logins.move.bind(records.logins);
  t.mock.method(records.logins, 'move', async (...given: Parameters<typeof put>) => {
    await records.logins.removeAll({ source: 'accounts', subject: ALICE.id });
    return put(...given);
  });
  const late = await house.enter(house.oldCookie, house.label);
  assert.equal(late.kind === 'refuse' && late.code, 'session-key');
  assert.deepEqual(await records.logins.list(), []);
});

test('R16 R60 what a provider says at a renewal counts in the same way, and a mere renewal changes nothing', async () => {
  let roles: readonly string[] = [];
  let scopes: readonly string[] = ['read', 'write'];
  const source: Source = {
    name: 'accounts',
    endpoints: [],
    renew: async (login): Promise<StoredLogin> => ({
      subject: { ...login.subject, roles, scopes },
      created: login.created,
      expires: login.expires,
      sid: login.sid,
      tokens: login.tokens && { ...login.tokens, expires: house.clock.wall() + 60_000 },
    }),
    close: async () => {},
  };
  const house = await createHouse(new Map([['accounts', source]]));
  const { session } = await house.login();
  const { place, idHigh, idLow } = session;
  const tokens = { access: 'a', refresh: 'r', id: 'i', expires: house.clock.wall() + 60_000, relay: 'none' } as const;
  const subject = { ...ALICE, scopes: ['write', 'read'] };
  await house.book.put(session.id, { place, idHigh, idLow }, { ...house.stored(), subject, tokens });
  house.clock.advance(45);
  assert.equal(await house.book.standing(session.id), 'stands');
  roles = ['chief'];
  house.clock.advance(45);
  assert.equal(await house.book.standing(session.id), 'due');
  scopes = [];
  house.clock.advance(45);
  assert.equal(await house.book.standing(session.id), 'due', 'it is not forgotten by the renewal after');
});
