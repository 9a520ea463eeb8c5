import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIENCE, ISSUER, makeKey, makeToken } from '../identity/jwt/issuer.ts';
import { order } from '../keys/support.ts';
import { createGuard } from '../../src/index.ts';
import type { WireClient } from '../../src/lab/wire-client.ts';
import { openPlace, type OpenPlace, SECRET } from './open-support.ts';
import { until } from './support.ts';

/** What is open when what it was admitted by ends (R18). */

const ACCOUNTS = { login: { accounts: { signUp: 'open' } }, mint: { perPrefix: 1000, total: 1000 } } as const;
const FEED = { method: 'GET', fields: ['Accept', 'text/event-stream'] };
const labelOf = ({ decisions }: OpenPlace): string =>
  decisions.findLast(({ outcome, session }) => outcome === 'admit' && session !== '')?.session ?? assert.fail();
const lastEnded = ({ decisions }: OpenPlace) => decisions.findLast(({ openFor }) => openFor !== undefined);

const by = ({ host }: OpenPlace, secret: string): string[] => [
  ...['Host', host, 'Accept', 'text/event-stream', 'Authorization', `Bearer ${secret}`],
];

/** Two people with a stream each; the attack is on the first, and the second must notice nothing. */
async function twoStreams(place: OpenPlace) {
  const ben = await place.person('ben');
  const bens = await place.send(ben.sign(FEED));
  const ann = await place.person('ann');
  const anns = await place.send(ann.sign(FEED));
  await until(() => anns.text() !== '' && bens.text() !== '');
  return { ann, anns, ben, bens };
}

async function bensGoesOn(place: OpenPlace, bens: Awaited<ReturnType<OpenPlace['send']>>): Promise<void> {
  place.held.get('/api/feed')?.[0]?.write('data: still here\n\n');
  await until(() => bens.text().includes('still here'));
  assert.equal(bens.ended(), '');
}

test('R18 a logout ends what the login had opened, and nobody else’s', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const { ann, anns, bens } = await twoStreams(place);
  assert.equal((await ann.ask('/logout', {})).status, 200);
  await until(() => anns.ended() === 'broken');
  await until(() => place.held.get('/api/feed')?.[1]?.destroyed === true);
  const ended = lastEnded(place);
  assert.equal(ended?.code, 'login-changed');
  assert.equal(ended.layer, 'session');
  assert.match(ended.trail[0]?.evidence ?? '', /^ended after \d+ s$/);
  await bensGoesOn(place, bens);
});

test('R18 R19 who is blocked loses what is open, whoever does it in whichever process', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const { anns, bens } = await twoStreams(place);
  // Records are all that two processes share here.
  const other = await createGuard(
    { ...ACCOUNTS, public: 'http://localhost' },
    { secret: SECRET, records: place.records },
  );
  t.after(() => other.close());
  await other.users?.block('ann', 'she left', 0);
  await until(() => anns.ended() === 'broken');
  await bensGoesOn(place, bens);
});

test('R18 a session that is ended or banned loses its stream, socket, download and waiting call', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const honest = await place.page();
  const others = await place.socket(honest);
  const page = await place.page();
  const feed = await place.send(page.sign(FEED));
  const label = labelOf(place);
  const file = await place.send(page.sign({ method: 'GET', at: '/api/file' }));
  const polling = place.send(page.sign({ method: 'GET', at: '/api/poll' }));
  const socket = await place.socket(page);
  socket.socket.send('hello');
  await until(() => socket.heard.length === 1 && place.held.has('/api/poll') && file.text() !== '');
  assert.ok(await place.gate.guard.sessions?.revoke(label));
  await until(() => feed.ended() === 'broken' && file.ended() === 'broken' && socket.code() !== 0);
  assert.deepEqual([socket.code(), socket.reason()], [1008, 'stale']);
  const poll = await polling;
  await until(() => poll.ended() === 'whole');
  assert.deepEqual([poll.status, JSON.parse(poll.text()).code], [403, 'stale']);
  assert.equal(place.held.get('/api/poll')?.[0]?.destroyed, true, 'the backend need not go on');
  others.socket.send('anybody?');
  await until(() => others.heard.length === 1 && place.sockets.clients.size === 1);
  assert.equal(others.code(), 0);
});

test('R19 a ban of a session, of a user and of an address ends what is open', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const { bans } = place.records;
  const { ben, anns, bens } = await twoStreams(place);
  await bans.add({ kind: 'session', value: labelOf(place), reason: '', by: 'admin', until: 0 });
  await until(() => anns.ended() === 'broken');
  assert.deepEqual([lastEnded(place)?.code, lastEnded(place)?.layer], ['banned', 'ban']);
  await bensGoesOn(place, bens);
  const socket = await place.socket(ben);
  await bans.add({ kind: 'prefix', value: '127.0.0.1', reason: '', by: 'admin', until: 0 });
  await until(() => bens.ended() === 'broken' && socket.code() !== 0);
  assert.deepEqual([socket.code(), socket.reason()], [1008, 'banned']);
});

test('R17 neither the end of a ticket nor an idle session ends an honest stream; the longest life of a session does', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const page = await place.page();
  const feed = await place.send(page.sign(FEED));
  const fresh = async (text: string): Promise<void> => {
    const looks = performance.now();
    await until(() => performance.now() - looks > 1200);
    place.held.get('/api/feed')?.[0]?.write(`data: ${text}\n\n`);
    await until(() => feed.text().includes(text) || feed.ended() !== '');
    assert.equal(feed.ended(), '', text);
  };
  place.clock.move(11 * 60_000);
  await fresh('after its ticket');
  place.clock.move(13 * 3_600_000);
  await fresh('after half a day in which the page did nothing else');
  place.clock.move(7 * 24 * 3_600_000);
  await until(() => feed.ended() === 'broken');
  assert.equal(lastEnded(place)?.code, 'entry-required');
});

test('R72 report mode ends nothing, and enforce mode what report mode had let in', async (t) => {
  const place = await openPlace(t, { ...ACCOUNTS, mode: 'report' });
  const page = await place.page();
  const feed = await place.send(page.sign(FEED));
  const label = labelOf(place);
  assert.ok(await place.gate.guard.sessions?.revoke(label));
  const looks = performance.now();
  await until(() => performance.now() - looks > 1200);
  place.held.get('/api/feed')?.[0]?.write('data: on\n\n');
  await until(() => feed.text().includes('on'));
  assert.equal(feed.ended(), '');
  place.gate.setMode('enforce');
  await until(() => feed.ended() === 'broken');
});

test('P3.4 a stream of a session that the guard rail spares is not ended by that layer; a later session’s is', async (t) => {
  const place = await openPlace(t, { routes: [{ match: 'GET /api/feed', level: 'session', carriers: ['stream'] }] });
  const { gate, clock } = place;
  const unsigned = (page: WireClient) => ({
    ...FEED,
    target: '/api/feed',
    fields: [
      ...FEED.fields,
      'Host',
      place.host,
      'Cookie',
      page.cookies(),
      'Sec-Fetch-Site',
      'same-origin',
      'X-Requested-With',
      'app',
    ],
    body: null,
  });
  const opened = async () => {
    const page = await place.page();
    const feed = await place.send(unsigned(page));
    await until(() => feed.text() !== '');
    return { page, feed, label: labelOf(place) };
  };
  const old = await opened();
  clock.move(60_000);
  const upgraded = clock.wall();
  clock.move(60_000);
  const late = await opened();
  gate.reload(gate.config, new Map([['session', { config: gate.config, spares: upgraded }]]));
  for (const { label } of [old, late]) assert.ok(await gate.guard.sessions?.revoke(label));
  await until(() => late.feed.ended() === 'broken');
  assert.deepEqual([lastEnded(place)?.code, lastEnded(place)?.layer], ['stale', 'session']);
  // Both were asked about in the same half second, and what is asked for anew is judged alike.
  assert.equal((await place.send(unsigned(late.page))).status, 403);
  assert.equal((await place.send(unsigned(old.page))).status, 200);
  place.held.get('/api/feed')?.[0]?.write('data: still here\n\n');
  await until(() => old.feed.text().includes('still here') || old.feed.ended() !== '');
  assert.equal(old.feed.ended(), '');
  gate.reload(gate.config);
  await until(() => old.feed.ended() === 'broken');
});

test('P3.4 a stream goes on under a layer that was put back to recording only, and ends once it is enforced again', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const { gate } = place;
  const page = await place.page();
  const feed = await place.send(page.sign(FEED));
  const label = labelOf(place);
  const other = await place.send((await place.page()).sign(FEED));
  const recorded = { ...gate.config, layers: { replay: 'report' } } as const;
  gate.reload(gate.config, new Map([['replay', { config: recorded, spares: 0 }]]));
  assert.ok(await gate.guard.sessions?.revoke(label));
  const looks = performance.now();
  await until(() => performance.now() - looks > 1200);
  assert.deepEqual([feed.ended(), other.ended()], ['', '']);
  gate.reload(gate.config);
  await until(() => feed.ended() === 'broken');
  assert.equal(other.ended(), '');
});

test('P11.1 R69 a key that is revoked or expires ends what it had opened; another key’s stream goes on', async (t) => {
  const place = await openPlace(t, { routes: [{ match: 'GET /api/feed', keys: [], carriers: ['stream'] }] });
  const { keys } = place.gate.guard;
  assert.ok(keys);
  const issue = (life: number) => keys.issue(order({ scopes: [], life }));
  const [revoked, short, good] = [await issue(0), await issue(60_000), await issue(0)];
  const stream = async ({ secret }: { secret: string }) => {
    const feed = await place.send({ method: 'GET', target: '/api/feed', fields: by(place, secret), body: null });
    assert.equal(feed.status, 200);
    return feed;
  };
  const goods = await stream(good);
  const [first, second] = [await stream(revoked), await stream(short)];
  await keys.revoke(revoked.row.id);
  await until(() => first.ended() === 'broken');
  assert.deepEqual([lastEnded(place)?.code, lastEnded(place)?.layer], ['key', 'key']);
  assert.equal(second.ended(), '');
  place.clock.move(61_000);
  await until(() => second.ended() === 'broken');
  await bensGoesOn(place, goods);
});

test('R18 R57 a token that ends, is revoked or whose owner is blocked ends what it had opened', async (t) => {
  const key = await makeKey();
  const place = await openPlace(t, {
    login: { jwt: { issuer: ISSUER, audience: AUDIENCE, publicKey: JSON.stringify(key.jwk) } },
    routes: [{ match: 'GET /api/feed', level: 'open', user: true, carriers: ['stream'] }],
  });
  const stream = async (sub: string, life: number) => {
    const token = await makeToken(key, place.clock.wall(), {
      claims: { sub, exp: Math.floor(place.clock.wall() / 1000) + life },
    });
    const feed = await place.send({ method: 'GET', target: '/api/feed', fields: by(place, token), body: null });
    assert.equal(feed.status, 200, feed.text());
    return feed;
  };
  const good = await stream('ben', 3600);
  const [blocked, short] = [await stream('ann', 3600), await stream('cleo', 120)];
  await place.records.users.set({ source: 'jwt', subject: 'ann', blocked: true, reason: '', by: 'admin', until: 0 });
  await until(() => blocked.ended() === 'broken');
  assert.deepEqual([lastEnded(place)?.code, lastEnded(place)?.layer], ['login-required', 'subject']);
  assert.equal(short.ended(), '');
  place.clock.move(200_000);
  await until(() => short.ended() === 'broken');
  await bensGoesOn(place, good);
});

test('R18 whom the app itself no longer knows loses what is open', async (t) => {
  const known = new Set(['ann', 'ben']);
  const place = await openPlace(t, {
    login: { identify: ({ header }) => (known.has(header('x-user')) ? { id: header('x-user') } : null) },
    routes: [{ match: 'GET /api/feed', level: 'open', user: true, carriers: ['stream'] }],
  });
  const stream = (name: string) =>
    place.send({ method: 'GET', target: '/api/feed', fields: ['Host', place.host, 'X-User', name], body: null });
  const [bens, anns] = [await stream('ben'), await stream('ann')];
  known.delete('ann');
  place.clock.move(10_000);
  await until(() => anns.ended() === 'broken' || bens.ended() !== '');
  await bensGoesOn(place, bens);
});

test('a socket in the midst of a message is not made to say what nobody said', async (t) => {
  const place = await openPlace(t, ACCOUNTS);
  const page = await place.page();
  const socket = await place.socket(page, '/api/half');
  assert.ok(await place.gate.guard.sessions?.revoke(labelOf(place)));
  await until(() => socket.code() !== 0);
  assert.equal(socket.code(), 1006);
  assert.deepEqual(socket.heard, []);
});
