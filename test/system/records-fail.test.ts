import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Records } from '../../src/guard/records.ts';
import type { RawAnswer } from '../../src/lab/http.ts';
import { sql } from 'kysely';
import { createRecords } from '../../src/stores/records/open.ts';
import { order, until } from '../keys/support.ts';
import { startPostgres } from '../support/postgres.ts';
import { browser, type LoggedIn, loggedIn, newName, openPair, type Pair, PASSWORD, SECRET } from './pair.ts';

const codeOf = ({ status, body }: RawAnswer): string =>
  `${status} ${status < 400 ? '' : JSON.parse(Buffer.from(body).toString()).code}`.trim();

/** What a gate does while its records take no writes, and afterwards. */
interface Trial {
  readonly pair: Pair;
  readonly person: LoggedIn;
  /** Everything that would write. Each has to be refused, and to leave nothing. */
  writes(): Promise<void>;
  /** What was promised to go on. */
  reads(): Promise<void>;
  /** Once records take writes again: all of it works, and nothing was half-written. */
  after(): Promise<void>;
}

async function trial(t: TestContext, open: () => Promise<Records>): Promise<Trial> {
  const pair = await openPair(open);
  const closing: (() => void)[] = [];
  t.after(async () => {
    for (const close of closing) close();
    await pair.close();
  });
  const { gate, records } = pair.one;
  const person = await loggedIn(pair, closing);
  const stranger = browser(pair, closing);
  await stranger.enter(gate);
  const issued = (await gate.guard.keys?.issue(order())) ?? assert.fail();
  const withKey = async (): Promise<number> => {
    const url = `http://127.0.0.1:${gate.address.port}/api/keyed`;
    return (await fetch(url, { headers: { authorization: `Bearer ${issued.secret}` } })).status;
  };
  await until(async () => (await withKey()) === 200);
  let rows = 0;
  const name = newName('late');
  const signUp = () => stranger.client.ask('/signup', { name, password: PASSWORD });
  const logIn = () => stranger.client.ask('/login', { name: person.name, password: PASSWORD });
  return {
    pair,
    person,
    async writes() {
      const logOut = () => person.client.ask('/logout', {});
      for (const [what, ask] of Object.entries({ signUp, logIn, logOut })) {
        const refused = await ask();
        assert.equal(codeOf(refused), '503 unsure', what);
        assert.ok(!refused.fields.some((field) => field.startsWith('__Host-sallyport-login=')), 'no login was granted');
      }
      await assert.rejects(gate.guard.keys?.issue(order()) ?? Promise.resolve());
      await assert.rejects(gate.guard.users?.block(person.name, '', 0) ?? Promise.resolve());
    },
    async reads() {
      if (rows === 0) rows = (await counted(records)).length;
      assert.equal(codeOf(await person.client.call({ method: 'GET' })), '200', 'who is logged in goes on');
      assert.equal(codeOf(await stranger.client.call({ method: 'GET', at: '/api/all' })), '200');
      assert.equal(await withKey(), 200);
    },
    async after() {
      await until(async () => codeOf(await person.client.call({ method: 'GET' })) === '200');
      assert.equal((await counted(records)).length, rows, 'nothing of what was refused is told of as done');
      assert.equal((await records.keys.list()).length, 1);
      assert.equal((await records.users.blocked()).length, 0);
      assert.equal(codeOf(await signUp()), '200', 'the name is not half-taken');
      await stranger.enter(gate);
      assert.equal(codeOf(await stranger.client.call({ method: 'GET' })), '200');
      assert.equal(codeOf(await person.client.ask('/logout', {})), '200');
      assert.equal((await records.audit.verify()).ok, true);
    },
  };
}

const counted = (records: Records) => records.audit.list({ limit: 10_000 });

function file(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-records-fail-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'kept.sqlite');
}

test('R70 records that another process holds: reads go on, writes answer 503 with a code, nothing is half-written', async (t) => {
  const path = file(t);
  const { writes, reads, after } = await trial(t, () =>
    createRecords(`sqlite:${path}`, { secret: SECRET, busyMs: 100 }),
  );
  const other = new DatabaseSync(path);
  t.after(() => other.isOpen && other.close());
  other.exec('begin immediate');
  await reads();
  await writes();
  await reads();
  other.exec('rollback');
  await after();
});

test('R70 records on a disk that is full: reads go on, writes answer 503 with a code, nothing is half-written', async (t) => {
  const path = file(t);
  const { pair, writes, reads, after } = await trial(t, () => createRecords(`sqlite:${path}`, { secret: SECRET }));
  const { records } = pair.one;
  // The limit is of the connection that writes; SQLite sets it no lower than what is there.
  await sql`pragma max_page_count = 1`.execute(records.sql.db);
  await fill(pair.one);
  await reads();
  await writes();
  await reads();
  await sql`pragma max_page_count = 1000000`.execute(records.sql.db);
  await after();
});

/** Uses up what is left on the last page of each table. */
async function fill({ gate, records }: Pair['one']): Promise<void> {
  const untilFull = async (write: () => Promise<unknown>): Promise<void> => {
    for (let failed = false; !failed; )
      failed = await write().then(
        () => false,
        () => true,
      );
  };
  const users = gate.guard.users ?? assert.fail();
  await untilFull(() => users.add({ name: newName('filler'), email: '', roles: [] }, 'http://localhost'));
  const event = { time: Date.now(), actor: 'test', target: '', outcome: 'done' } as const;
  // The list of changes, by a row that is there already.
  const same = { source: 'filler', subject: 'x', blocked: false, reason: '', by: 'test', until: 0 };
  const row = { source: 'filler', subject: 'x', sid: '', created: 0, expires: Date.now() + 600_000 };
  for (const length of [1500, 1]) {
    const content = new Uint8Array(length);
    await untilFull(() => records.logins.put({ ...row, sessionHash: newName('x').padStart(43, 'x'), content }));
    await untilFull(() => records.audit.append({ ...event, action: 'x', details: { text: 'x'.repeat(length) } }));
  }
  await untilFull(() => records.users.set(same));
}

test('R70 a PostgreSQL that is killed and comes back: sessions go on from memory, then wait; nothing is half-written', async (t) => {
  const server = await startPostgres();
  const url = server.database();
  const { person, writes, reads, after } = await trial(t, () => createRecords(url, { secret: SECRET }));
  t.after(() => server.stop());
  await reads();
  await server.kill();
  await reads();
  await writes();
  // What another process may have ended meanwhile is not known any more.
  await until(async () => codeOf(await person.client.call({ method: 'GET' })) === '503 unsure');
  await server.start();
  await after();
});
