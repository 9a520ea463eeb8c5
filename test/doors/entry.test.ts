import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { EntryResult } from '../../src/doors/entry.ts';
import { extract } from '../../src/doors/key-agreement.ts';
import { verifyProof } from '../../src/doors/open-ticket.ts';
import { clientBit } from '../../src/guard/client-bits.ts';
import type { EntryClaim, State } from '../../src/guard/state.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';
import { expandInput, transcript } from '../../src/wire/entry.ts';
import { answered, AUTHORITY, createDoors, createPage, ORIGIN, pairOf } from './support.ts';

function refused(result: EntryResult) {
  assert.ok(result.kind === 'refuse', 'refused');
  return result;
}

/** Counts what an entry asks of the state. */
function watched(inner: State = createMemoryState({ monotonic: null })) {
  const claims: EntryClaim[] = [];
  const state: State = {
    kind: 'watched',
    commit: (claim) => inner.commit(claim),
    enter: (claim) => {
      claims.push(claim);
      return inner.enter(claim);
    },
    grantRedirect: (grant) => inner.grantRedirect(grant),
    revoke: (session, until, reason) => inner.revoke(session, until, reason),
    endedBy: (session, now) => inner.endedBy(session, now),
    release: (hold) => inner.release(hold),
    settle: (hold, succeeded) => inner.settle(hold, succeeded),
    done: (step) => inner.done(step),
    serve: (given) => inner.serve(given),
    usage: () => inner.usage(),
    close: () => inner.close(),
  };
  return { state, claims };
}

test('both sides derive the same proof key, and the ticket names session, client, authority and origin', async () => {
  const doors = createDoors();
  const page = createPage();
  const { message, cookies } = answered(await doors.enter(pairOf(doors.stamps.issue()), page));
  const shared = page.ecdh.computeSecret(Buffer.from(message.key, 'base64url'));
  const seen = transcript({
    pageKey: Buffer.from(page.publicKey, 'base64url'),
    serverKey: Buffer.from(message.key, 'base64url'),
    origin: ORIGIN,
    authority: message.authority,
    client: 'default',
    ticketId: Buffer.from(message.id, 'base64url'),
    expires: message.expires,
    random: Buffer.from(message.random, 'base64url'),
  });
  const secret = extract(createHash('sha256').update(seen).digest(), shared);
  const ticket = doors.tickets.openTicket(message.ticket);
  assert.ok(typeof ticket !== 'string');
  for (const purpose of ['proof', 'sync'] as const) {
    const key = createHmac('sha256', secret).update(expandInput(purpose)).digest();
    assert.ok(verifyProof(ticket, 'base', createHmac('sha256', key).update('base').digest('base64'), purpose));
  }
  assert.equal(ticket.id, message.id);
  assert.equal(ticket.client, 'default');
  assert.ok(ticket.isForAuthority(AUTHORITY) && ticket.isForOrigin(ORIGIN));
  assert.equal(message.authority, AUTHORITY);
  assert.equal(message.life, 600);
  assert.equal(message.renew, 480);
  assert.equal(message.expires, doors.clock.wall() / 1000 + 600);
  assert.equal(message.time, doors.clock.wall());
  const session = doors.sessions.open(pairOf(cookies[0]), doors.clock.wall());
  assert.equal(session?.id, ticket.session);
});

test('R22 the session travels in Set-Cookie alone, and the answer is kept by no cache', async () => {
  const doors = createDoors();
  const result = await doors.enter(pairOf(doors.stamps.issue()));
  const { fields, cookies } = answered(result);
  assert.equal(fields[fields.indexOf('cache-control') + 1], 'no-store');
  const session = doors.sessions.open(pairOf(cookies[0]), doors.clock.wall());
  assert.ok(session && result.kind === 'answer' && !`${result.answer.body}`.includes(session.id));
});

test('without a stamp: code `stamp` with a fresh one, and the second try gets in', async () => {
  const doors = createDoors();
  const first = refused(await doors.enter(''));
  assert.equal(first.code, 'stamp');
  assert.equal(first.cookies.length, 1);
  answered(await doors.enter(pairOf(first.cookies[0])));
});

test('R67 whatever stamp a visitor comes with, all who wait count with the one crowd of their network', async () => {
  const doors = createDoors();
  const claimed: (number | undefined)[][] = [];
  const enter = doors.state.enter.bind(doors.state);
  doors.state.enter = (claim) => {
    claimed.push([claim.mintsPerMinute, claim.crowdWorth]);
    return enter(claim);
  };
  for (const late of [false, true])
    answered(await doors.enter(pairOf(late ? doors.stamps.renew('') : doors.stamps.issue())));
  assert.deepEqual(claimed, [
    [60, 60],
    [15, 60],
  ]);
});

test('a stamp that no page load gave opens a quarter of the sessions', async () => {
  const doors = createDoors({ config: { mint: { perPrefix: 8, total: 1000 } } });
  const count = async (late: boolean, prefix: string): Promise<number> => {
    for (let opened = 0; opened < 20; opened++) {
      const result = await doors.enter(pairOf(late ? doors.stamps.renew('') : doors.stamps.issue()), createPage(), {
        prefix,
      });
      if (result.kind === 'answer') continue;
      assert.equal(result.code, 'limit');
      assert.ok(result.retryAfter > 0 && result.retryAfter <= 20, `${result.retryAfter} s`);
      return opened;
    }
    return assert.fail('no limit');
  };
  assert.equal(await count(false, '192.0.2.1'), 8);
  assert.equal(await count(true, '192.0.2.2'), 2);
});

test('R65 a page that stays open, or slept, goes on with its own load, and so with the ids that it gave', async () => {
  const doors = createDoors();
  const stamp = pairOf(doors.stamps.issue());
  const load = doors.stamps.loadOf(stamp);
  const session = pairOf(answered(await doors.enter(stamp)).cookies[0]);
  doors.clock.advance(480);
  const [renewed] = answered(await doors.enter(`${stamp}; ${session}`)).cookies;
  assert.equal(doors.stamps.loadOf(pairOf(renewed)), load);
  doors.clock.advance(3600);
  const [late] = refused(await doors.enter(`${stamp}; ${session}`)).cookies;
  assert.equal(doors.stamps.loadOf(pairOf(late)), load);
  const [none] = refused(await doors.enter(session)).cookies;
  assert.equal(doors.stamps.loadOf(pairOf(none)), '', 'whoever shows no load is of none');
});

test('a client’s policy can waive the stamp', async () => {
  const doors = createDoors({ config: { clients: { default: { stamp: 'waive' } } } });
  answered(await doors.enter(''));
});

test('re-entry of a living session is no mint, keeps its id and sends no cookie again', async () => {
  const doors = createDoors({ config: { mint: { perPrefix: 1, total: 1000 } } });
  const stamp = pairOf(doors.stamps.issue());
  const first = answered(await doors.enter(stamp));
  const cookie = `${stamp}; ${pairOf(first.cookies[0])}`;
  const idOf = (text: string): string => {
    const ticket = doors.tickets.openTicket(text);
    return typeof ticket === 'string' ? assert.fail(ticket) : ticket.session;
  };
  for (let time = 0; time < 5; time++) {
    const again = answered(await doors.enter(cookie));
    assert.deepEqual(again.cookies, []);
    assert.equal(idOf(again.message.ticket), idOf(first.message.ticket));
    assert.notEqual(again.message.ticket, first.message.ticket);
  }
  doors.clock.advance(601);
  const worn = answered(await doors.enter(`${pairOf(doors.stamps.issue())}; ${pairOf(first.cookies[0])}`));
  assert.equal(worn.cookies.length, 1, 'a worn cookie is replaced');
});

test('R48 after a restart a session is made again under its own id, if the secret stayed', async () => {
  const before = createDoors();
  const first = answered(await before.enter(pairOf(before.stamps.issue())));
  const after = createDoors();
  const cookie = `${pairOf(after.stamps.issue())}; ${pairOf(first.cookies[0])}`;
  const again = answered(await after.enter(cookie));
  const old = before.tickets.openTicket(first.message.ticket);
  const fresh = after.tickets.openTicket(again.message.ticket);
  assert.ok(typeof old !== 'string' && typeof fresh !== 'string');
  assert.equal(fresh.session, old.session);
  assert.equal(after.tickets.openTicket(first.message.ticket), 'unknown', 'and the old ticket is worthless');
});

test('R18 a session that was ended is not entered again', async () => {
  const doors = createDoors();
  const first = answered(await doors.enter(pairOf(doors.stamps.issue())));
  const ticket = doors.tickets.openTicket(first.message.ticket);
  assert.ok(typeof ticket !== 'string');
  const { sessionPlace, sessionIdHigh, sessionIdLow } = ticket;
  await doors.state.revoke(
    { place: sessionPlace, idHigh: sessionIdHigh, idLow: sessionIdLow },
    doors.clock.wall() + 8 * 24 * 3600 * 1000,
    'ended',
  );
  const again = await doors.enter(`${pairOf(doors.stamps.issue())}; ${pairOf(first.cookies[0])}`);
  if (again.kind === 'refuse') {
    assert.equal(again.code, 'banned');
    return;
  }
  const fresh = doors.tickets.openTicket(answered(again).message.ticket);
  assert.ok(typeof fresh !== 'string');
  assert.notEqual(fresh.session, ticket.session);
  assert.equal(answered(again).cookies.length, 1);
});

test('P7.3 the same entry within a minute gets the same answer and makes no second claim', async () => {
  const { state, claims } = watched();
  const doors = createDoors({ state });
  const page = createPage();
  const stamp = pairOf(doors.stamps.issue());
  const first = answered(await doors.enter(stamp, page));
  doors.clock.advance(59);
  const again = answered(await doors.enter(stamp, page));
  assert.equal(claims.length, 1);
  assert.equal(again.message.ticket, first.message.ticket);
  assert.deepEqual(again.cookies, first.cookies);
  assert.equal(again.message.time, doors.clock.wall(), 'only the time goes on');
  assert.equal(again.message.life, 541);
  doors.clock.advance(2);
  const later = answered(await doors.enter(stamp, page));
  assert.equal(claims.length, 2);
  assert.notEqual(later.message.ticket, first.message.ticket);
});

test('another cookie, origin or key is another entry', async () => {
  const { state, claims } = watched();
  const doors = createDoors({ state, config: { clients: { default: { origins: ['self', 'https://shop.example'] } } } });
  const page = createPage();
  const stamp = pairOf(doors.stamps.issue());
  await doors.enter(stamp, page);
  await doors.enter(`${stamp}; a=b`, page);
  await doors.enter(stamp, createPage());
  await doors.enter(stamp, page, { origin: 'https://shop.example' });
  assert.equal(claims.length, 4);
});

test('P7.3 where state answers later, an entry sent twice at once makes one claim', async () => {
  const inner = createMemoryState({ monotonic: null });
  const { state: sync, claims } = watched(inner);
  const state: State = { ...sync, enter: async (claim) => sync.enter(claim) };
  const doors = createDoors({ state });
  const page = createPage();
  const stamp = pairOf(doors.stamps.issue());
  const [first, second] = await Promise.all([doors.enter(stamp, page), doors.enter(stamp, page)]);
  assert.equal(answered(first).message.ticket, answered(second).message.ticket);
  assert.equal(claims.length, 1);
  answered(await doors.enter(stamp));
  assert.equal(claims.length, 2);
});

test('a state that fails fails that entry alone', async () => {
  const inner = createMemoryState({ monotonic: null });
  let broken = true;
  const state: State = {
    ...watched(inner).state,
    enter: async (claim) => (broken ? Promise.reject(new Error('unreachable')) : inner.enter(claim)),
  };
  const doors = createDoors({ state });
  const page = createPage();
  const stamp = pairOf(doors.stamps.issue());
  await assert.rejects(doors.enter(stamp, page), /unreachable/);
  broken = false;
  answered(await doors.enter(stamp, page));
});

test('a point off the curve is refused, after its claim and without a fault', async () => {
  const { state, claims } = watched();
  const doors = createDoors({ state });
  const point = Buffer.from(createPage().publicKey, 'base64url');
  point[40] = (point[40] ?? 0) ^ 1;
  const page = { ...createPage(), publicKey: point.toString('base64url') };
  const result = refused(await doors.enter(pairOf(doors.stamps.issue()), page));
  assert.equal(result.code, 'schema');
  assert.equal(claims.length, 1);
});

test('what is refused before the claim claims nothing', async () => {
  const { state, claims } = watched();
  const doors = createDoors({ state });
  const stamp = pairOf(doors.stamps.issue());
  const codeOf = async (result: EntryResult | Promise<EntryResult>) => refused(await result).code;
  assert.equal(await codeOf(doors.enter(stamp, createPage(), { client: 'nobody' })), 'forbidden');
  assert.equal(await codeOf(doors.enter(stamp, createPage(), { origin: 'https://evil.example' })), 'origin');
  assert.equal(await codeOf(doors.enter(stamp, createPage(), { origin: 'null' })), 'origin');
  assert.equal(await codeOf(doors.enter(stamp, { ...createPage(), publicKey: 'AAAA' })), 'schema');
  assert.equal(await codeOf(doors.enter('')), 'stamp');
  assert.equal(claims.length, 0);
});

test('one server key serves the entries of a minute, each under a salt of its own', async () => {
  const doors = createDoors();
  const page = createPage();
  const enter = async () => answered(await doors.enter(pairOf(doors.stamps.issue()), page)).message;
  const [first, second] = [await enter(), await enter()];
  assert.equal(first.key, second.key);
  assert.notEqual(first.random, second.random);
  doors.clock.advance(60);
  assert.notEqual((await enter()).key, first.key);
});

test('P7.4 a page that stays open renews without a refusal: its session brings a stamp along', async () => {
  const doors = createDoors();
  let stamp = pairOf(doors.stamps.issue());
  const first = answered(await doors.enter(stamp));
  let session = pairOf(first.cookies[0]);
  for (let renewal = 0; renewal < 10; renewal++) {
    doors.clock.advance(first.message.renew);
    const { cookies } = answered(await doors.enter(`${stamp}; ${session}`));
    for (const cookie of cookies) {
      if (cookie.startsWith('__Host-sallyport-stamp=')) stamp = pairOf(cookie);
      else session = pairOf(cookie);
    }
  }
});

test('R67 a session enters as often as people’s pages do, then waits; nobody else does', async () => {
  const doors = createDoors();
  const stamps = () => pairOf(doors.stamps.issue());
  const session = pairOf(answered(await doors.enter(stamps())).cookies.at(-1));
  const page = async () => doors.enter(`${stamps()}; ${session}`);
  // Ten tabs with four workers each are reloaded, and once more.
  for (let entry = 0; entry < 100; entry += 1) answered(await page());
  let result = await page();
  for (let entry = 0; entry < 100 && result.kind === 'answer'; entry += 1) result = await page();
  assert.ok(result.kind === 'refuse');
  assert.deepEqual([result.code, result.retryAfter, result.cookies], ['limit', 1, []]);
  answered(await doors.enter(stamps()));
  doors.clock.advance(1);
  answered(await page());
});

test('a page is known as the client that it entered as', async () => {
  const { state, claims } = watched();
  const doors = createDoors({ state, config: { clients: { default: {}, shop: { stamp: 'waive' } } } });
  answered(await doors.enter('', createPage(), { client: 'shop' }));
  answered(await doors.enter(pairOf(doors.stamps.issue())));
  assert.deepEqual(
    claims.map(({ client }) => client),
    ['shop', 'default'].map((name) => clientBit(doors.policy, name)),
  );
});

test('a new session brings no stamp along, however worn the one it came with', async () => {
  const doors = createDoors();
  const stamp = pairOf(doors.stamps.issue());
  doors.clock.advance(599);
  const { cookies } = answered(await doors.enter(stamp));
  assert.equal(cookies.length, 1);
  assert.match(cookies[0] ?? '', /^__Host-sallyport=/);
});
