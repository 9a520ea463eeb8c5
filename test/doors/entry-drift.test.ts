import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberedAt } from '../../src/doors/entry-drift.ts';
import { createWhereabouts } from '../../src/doors/whereabouts.ts';
import type { Config } from '../../src/guard/config.ts';
import { compileDrift, NOWHERE } from '../../src/guard/drift.ts';
import { answered, createDoors, createPage, pairOf, SECRET } from './support.ts';

const CHROME = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'accept-language': 'de-DE,de;q=0.9',
};
const FIREFOX = {
  'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0',
  'accept-language': 'en-US,en;q=0.5',
};

const HOME = { prefix: '198.51.100.7', headers: CHROME };
const HOME_V6 = { prefix: '2001:db8:7::/56', headers: CHROME };
const CAFE = { prefix: '203.0.113.9', headers: CHROME };
const ELSEWHERE = { prefix: '192.0.2.9', headers: FIREFOX };
type From = typeof HOME;

/** One browser: keeps its cookies, enters from wherever it is. */
function createBrowser(config: Config) {
  const doors = createDoors({ config: { mode: 'enforce', ...config } });
  let cookie = '';
  return {
    doors,
    async enter(from: From, more: object = {}) {
      const stamp = pairOf(doors.stamps.issue());
      const { message, cookies } = answered(await doors.enter(`${stamp}; ${cookie}`, createPage(), from, more));
      const fresh = cookies.map(pairOf).find((pair) => pair.startsWith('__Host-sallyport='));
      if (fresh !== undefined) cookie = fresh;
      const ticket = doors.tickets.openTicket(message.ticket);
      assert.ok(typeof ticket !== 'string');
      return { ticket, wasTold: fresh !== undefined, session: message.session };
    },
  };
}

/** What has changed for whoever holds this ticket there. */
const changes = ({ ticket }: { ticket: { from: Parameters<Reader>[0] } }, { prefix, headers }: From): number =>
  createWhereabouts(SECRET).changes(ticket.from, prefix, {
    userAgent: headers['user-agent'],
    acceptLanguage: headers['accept-language'],
    secChUa: '',
  });
type Reader = ReturnType<typeof createWhereabouts>['changes'];

test('R68 an entry remembers where it was made, in ticket and cookie, and an entry elsewhere does so anew', async () => {
  const browser = createBrowser({});
  const home = await browser.enter(HOME);
  assert.equal(changes(home, HOME), 0);
  assert.notEqual(changes(home, ELSEWHERE), 0);
  assert.equal((await browser.enter(HOME)).wasTold, false, 'no cookie where nothing has changed');
  const cafe = await browser.enter(CAFE);
  assert.equal(cafe.session, home.session, 'the session goes on');
  assert.ok(cafe.wasTold);
  assert.equal(changes(cafe, CAFE), 0);
});

test('R68 P5.3 a browser that comes by IPv4 and by IPv6 is known by both, once it has entered by both', async () => {
  const browser = createBrowser({ drift: { network: 'entry' } });
  await browser.enter(HOME);
  const second = await browser.enter(HOME_V6);
  assert.equal(changes(second, HOME), 0);
  assert.equal(changes(second, HOME_V6), 0);
  assert.equal((await browser.enter(HOME)).wasTold, false);
});

test('R68 P5.3 a phone on its way keeps its session over two hundred changes of network', async () => {
  for (const drift of [undefined, { network: 'entry' }, { both: 'refuse' }] as Config['drift'][]) {
    const phone = createBrowser(drift === undefined ? {} : { drift });
    const { session } = await phone.enter(HOME);
    for (let i = 0; i < 200; i++) {
      phone.doors.clock.advance(30);
      const prefix = i % 3 === 0 ? `2001:db8:${i.toString(16)}::/56` : `203.0.${i}.9`;
      assert.equal((await phone.enter({ prefix, headers: CHROME })).session, session);
    }
  }
});

test('R68 a session that policy refuses elsewhere stays where it was; who comes with its cookie is new', async () => {
  const browser = createBrowser({ drift: { both: 'refuse' } });
  const home = await browser.enter(HOME);
  const thief = await browser.enter(ELSEWHERE);
  assert.notEqual(thief.session, home.session);
  assert.equal(changes(home, HOME), 0, 'the owner’s ticket is as good as before');
  const refused = browser.doors.state.endedBy(
    { place: home.ticket.sessionPlace, idHigh: home.ticket.sessionIdHigh, idLow: home.ticket.sessionIdLow },
    browser.doors.clock.wall(),
  );
  assert.equal(refused, '', 'and nobody ended the session');
});

test('R68 in report mode nothing of it is refused, and it goes on being seen', async () => {
  for (const config of [{ mode: 'report' }, { layers: { drift: 'report' } }] as Config[]) {
    const browser = createBrowser({ drift: { both: 'refuse' }, ...config });
    const home = await browser.enter(HOME);
    const moved = await browser.enter(ELSEWHERE);
    assert.equal(moved.session, home.session);
    assert.notEqual(changes(moved, ELSEWHERE), 0);
  }
});

test('R68 where policy asks for a login, an entry alone does not answer it; without a login it does', async () => {
  for (const login of [7, 0]) {
    const browser = createBrowser({ login: { accounts: true }, drift: { both: 'login' } });
    const { doors } = browser;
    const first = await browser.enter(HOME);
    const at = createWhereabouts(SECRET).here(HOME.prefix, {
      userAgent: CHROME['user-agent'],
      acceptLanguage: CHROME['accept-language'],
      secChUa: '',
    });
    const { ticket } = first;
    const content = { id: ticket.session, place: ticket.sessionPlace, created: doors.clock.wall() / 1000, key: '' };
    const cookie = pairOf(doors.sessions.issue({ ...content, login, from: at }, doors.clock.wall()));
    const stamp = pairOf(doors.stamps.issue());
    const { message } = answered(await doors.enter(`${stamp}; ${cookie}`, createPage(), ELSEWHERE));
    const again = doors.tickets.openTicket(message.ticket);
    assert.ok(typeof again !== 'string');
    assert.equal(changes({ ticket: again }, ELSEWHERE) !== 0, login !== 0);
    assert.equal(again.session, ticket.session);
  }
});

test('P6.6 nothing of an address or a browser’s name is in what is remembered', () => {
  const one = createWhereabouts(SECRET).here(HOME.prefix, { userAgent: 'x', acceptLanguage: 'de', secChUa: '' });
  const other = createWhereabouts(Buffer.alloc(32, 8)).here(HOME.prefix, {
    userAgent: 'x',
    acceptLanguage: 'de',
    secChUa: '',
  });
  assert.notDeepEqual(one, other, 'another secret, other hashes');
  const again = createWhereabouts(SECRET).here(HOME.prefix, { userAgent: 'x', acceptLanguage: 'de', secChUa: '' });
  assert.deepEqual(one, again, 'the same on every process that shares the secret');
});

test('R68 a login that was just made is remembered where it was made, also by the tab that joins it; one that only goes on is not', () => {
  const rule = compileDrift({ mode: 'enforce', drift: { both: 'login' } });
  const reader = createWhereabouts(SECRET);
  const traits = { userAgent: CHROME['user-agent'], acceptLanguage: 'de', secChUa: '' };
  const home = reader.here(HOME.prefix, traits);
  const here = reader.here(ELSEWHERE.prefix, { ...traits, userAgent: FIREFOX['user-agent'] });
  const known = { id: 'a', place: 0, created: 1, key: 'k', login: 7, idHigh: 1, idLow: 1, seen: 1, from: home };
  const choice = {
    kind: 'enter',
    resume: null,
    replaces: null,
    key: 'k',
    login: 7,
    grant: null,
    moves: false,
  } as const;
  const grant = { id: 'g', login: 7, taken: null };
  const remembered = (change: object) => rememberedAt(rule, { ...choice, ...change }, known, here);
  assert.deepEqual(remembered({ grant, replaces: known }), here, 'a new login');
  assert.deepEqual(remembered({ resume: { ...known, from: NOWHERE } }), here, 'the tab beside it');
  assert.deepEqual(remembered({ resume: known }), home, 'the same login');
  assert.deepEqual(remembered({ replaces: known, moves: true }), home, 'the same login with other rights');
});
