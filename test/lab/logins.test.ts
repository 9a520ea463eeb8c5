import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { cookieLogin } from '../../src/lab/attackers/cookie-login.ts';
import { doors } from '../../src/lab/attackers/doors.ts';
import { loginCsrf } from '../../src/lab/attackers/login-csrf.ts';
import { otherObject } from '../../src/lab/attackers/other-object.ts';
import { sessionFixation } from '../../src/lab/attackers/session-fixation.ts';
import { stolenToken } from '../../src/lab/attackers/jwt-stolen.ts';
import type { Attacker } from '../../src/lab/lab.ts';
import { ATTACKERS, formatReport, type LabReport, type RungReport } from '../../src/lab/index.ts';
import { objectRoutes } from '../../src/lab/object-routes.ts';
import type { LabOptions } from '../../src/lab/options.ts';
import type { Account } from '../../src/lab/people.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { type PostsBackend, startPostsBackend } from './posts-backend.ts';

const OPEN: Config = { login: { accounts: { signUp: 'open' } } };
const people = [
  { name: 'ann', password: 'a long password of ann' },
  { name: 'ben', password: 'a long password of ben' },
] as const;

interface Run {
  readonly report: LabReport;
  readonly rungs: ReadonlyMap<string, RungReport>;
  readonly backend: PostsBackend;
}

async function attack(
  attackers: readonly Attacker[],
  config: Config,
  options: LabOptions = {},
  before: (gate: Gate) => Promise<void> = async () => {},
): Promise<Run> {
  const backend = await startPostsBackend();
  const gate = await startGate({
    records: 'memory',
    ...config,
    to: backend.url,
    listen: '127.0.0.1:0',
    mode: 'enforce',
  });
  try {
    await before(gate);
    const url = `http://127.0.0.1:${gate.address.port}/api/posts`;
    const more = { seconds: 60, calls: 12, chromium: null, ...options };
    const report = await runAttackers(url, more, attackers);
    return { report, rungs: new Map(report.rungs.map((rung) => [rung.name, rung])), backend };
  } finally {
    await gate.close({ graceMs: 50 });
    await backend.close();
  }
}

/** By administration and the link that it gives. */
async function addPerson({ guard, address }: Gate, { name, password }: Account): Promise<void> {
  const link = await guard.users?.add({ name, email: '', roles: [] }, 'http://localhost');
  const token = new URLSearchParams(new URL(link?.link ?? assert.fail()).hash.slice(1)).get('reset');
  const target = parseTarget(`http://127.0.0.1:${address.port}/`);
  const sender = createSender(target);
  const client = createWireClient(target, '/', sender);
  await client.open();
  const set = await client.ask('/password/reset', { token, password });
  assert.equal(set.status, 200, Buffer.from(set.body).toString());
  sender.close();
}

const IN_LOGIN = [cookieLogin, sessionFixation, loginCsrf];

test('R16 R13 where anybody may sign up, the lab’s own people are attacked, and neither cookie nor planted session nor forged login gets in', async () => {
  const { report, rungs } = await attack(IN_LOGIN, OPEN);
  for (const rung of rungs.values()) assert.equal(rung.verdict, 'stopped', JSON.stringify(rung));
  const cookie = rungs.get('cookie-login');
  assert.deepEqual([cookie?.refused['session-key'], cookie?.honest], [1, 1], JSON.stringify(cookie));
  assert.equal(rungs.get('login-csrf')?.tried, 20);
  assert.equal(report.made.length, 2);
  for (const name of report.made) assert.match(name, /^lab-[0-9a-f]{12}$/);
  assert.ok(
    formatReport(report)
      .replace(/\s+/g, ' ')
      .includes(`the lab made ${report.made.join(' and ')}`),
  );
});

test('at level session the lab says that a copied cookie of a login works until the session ends, and not after it', async () => {
  const { rungs } = await attack([cookieLogin], {
    ...OPEN,
    routes: [{ match: 'GET /api/posts', carriers: ['navigation'] }],
  });
  const rung = rungs.get('cookie-login');
  assert.equal(rung?.verdict, 'gets in', JSON.stringify(rung));
  assert.ok(rung.notes.some((note) => note.includes('works until the session ends')));
  assert.ok(rung.notes.includes('after the logout it is refused'), rung.notes.join());
});

const routes: NonNullable<Config['routes']> = [
  { match: 'POST /api/posts', user: true },
  { match: 'PUT /api/posts/:id', creator: { of: 'POST /api/posts' } },
  { match: 'DELETE /api/posts/:id', creator: { of: 'POST /api/posts' } },
];

test('R64 an object that one person made: another is stopped where policy asks whose it is, and the owner deletes it', async () => {
  const object = objectRoutes('/api/posts', routes, null);
  assert.deepEqual(
    object?.reach.map(({ method }) => method),
    ['PUT', 'DELETE'],
  );
  const { rungs, backend } = await attack([otherObject], { ...OPEN, routes }, { object });
  const rung = rungs.get('other-object');
  assert.deepEqual([rung?.verdict, rung?.tried, rung?.honest], ['stopped', 2, 3], JSON.stringify(rung));
  assert.deepEqual(rung?.refused, { forbidden: 2 });
  assert.deepEqual([backend.made(), backend.left()], [1, 0]);
});

test('where policy asks for a login only, the lab says that others reach it', async () => {
  const asking = [
    { match: 'POST /api/posts', user: true },
    { match: 'DELETE /api/posts/:id', can: () => true },
  ];
  assert.equal(objectRoutes('/api/posts', asking, null), null, 'nothing is written unasked');
  assert.deepEqual(
    objectRoutes('/api/posts', asking, '{}')?.reach.map(({ method }) => method),
    ['DELETE'],
  );
  const object = objectRoutes('/api/posts', [], '{"title":"lab"}');
  assert.ok(object !== null);
  const any = { ...OPEN, routes: routes.map(({ match }) => ({ match, user: true })) };
  const { rungs } = await attack([otherObject], any, { object });
  assert.deepEqual([rungs.get('other-object')?.verdict, rungs.get('other-object')?.admitted], ['gets in', 2]);
});

test('an object that cannot be made, or of which nobody says how, teaches nothing', async () => {
  const object = objectRoutes('/api/posts', routes, '{"no":"name"}');
  assert.ok(object !== null);
  const none = (await attack([otherObject], { ...OPEN, routes }, { object })).rungs.get('other-object');
  assert.deepEqual(
    [none?.verdict, /made no object that it names \(status 400\)/.test(none?.why ?? '')],
    ['not run', true],
  );
  const unsaid = (await attack([otherObject], { ...OPEN, routes })).rungs.get('other-object');
  assert.match(unsaid?.why ?? '', /--create/);
});

test('R57 a token of an account, stolen, makes nobody of the thief; without such tokens nothing was learned', async () => {
  const accounts = { signUp: 'open', token: true } as const;
  const stolen = (await attack([stolenToken], { login: { accounts } })).rungs.get('jwt-stolen');
  assert.deepEqual([stolen?.verdict, stolen?.tried], ['stopped', 8], JSON.stringify(stolen));
  const none = (await attack([stolenToken], OPEN)).rungs.get('jwt-stolen');
  assert.match(none?.why ?? '', /accounts give no tokens here/);
  const named = { login: { accounts: { ...accounts, token: 'your-api-token' } } };
  const elsewhere = (await attack([stolenToken], named)).rungs.get('jwt-stolen');
  assert.match(elsewhere?.why ?? '', /--token-header/);
  const there = await attack([stolenToken], named, { tokenHeader: 'your-api-token' });
  assert.equal(there.rungs.get('jwt-stolen')?.verdict, 'stopped');
});

test('closed accounts: two people that were given are attacked, and without them nobody was called stopped', async () => {
  const closed: Config = { login: { accounts: true } };
  const alone = await attack(IN_LOGIN, closed);
  for (const rung of alone.rungs.values()) {
    assert.equal(rung.verdict, 'not run', JSON.stringify(rung));
    assert.match(rung.why, /SALLYPORT_LAB_PERSON/);
  }
  const { report, rungs } = await attack(IN_LOGIN, closed, { people }, async (gate) => {
    for (const person of people) await addPerson(gate, person);
  });
  for (const rung of rungs.values()) assert.equal(rung.verdict, 'stopped', JSON.stringify(rung));
  assert.deepEqual(report.made, []);
  const text = JSON.stringify(report);
  for (const { password } of people) assert.ok(!text.includes(password), 'no password in a report');
});

test('without accounts, and with a password that is wrong, nothing was learned', async () => {
  for (const rung of (await attack(IN_LOGIN, {})).rungs.values()) assert.match(rung.why, /keeps no accounts/);
  for (const rung of (await attack(IN_LOGIN, OPEN, { people })).rungs.values())
    assert.match(rung.why, /could not log in \(login-failed\)/);
});

test('at an address that asks for somebody the honest client logs in, and what is copied from it gets in nowhere', async () => {
  const copies = ATTACKERS.filter(({ name }) => ['replay', 'cookie', 'cookie-doors', 'ticket'].includes(name));
  const asks: Config = { ...OPEN, routes: [{ match: 'GET /api/posts', user: true }] };
  const { report, rungs } = await attack([...copies, doors], asks);
  assert.equal(report.doors, '');
  for (const { name } of copies) assert.equal(rungs.get(name)?.verdict, 'stopped', JSON.stringify(rungs.get(name)));
  assert.equal(rungs.get('doors')?.verdict, 'gets in', 'whoever may sign up gets in');
  const closed = await attack(copies, { ...asks, login: { accounts: true } });
  for (const rung of closed.report.rungs) assert.equal(rung.verdict, 'not run', rung.name);
});
