import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { SallyportError } from '../../src/guard/errors.ts';
import { RecordsError } from '../../src/guard/records.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { collect, event, login, newKey, SECRET } from './records/support.ts';

let server: Postgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const open = (url: string, options: object = {}) => createRecords(url, { secret: SECRET, ...options });
const code = (wanted: string) => (error: unknown) => error instanceof RecordsError && error.code === wanted;
const later = (): number => Date.now() + 3_600_000;

const WRONG: readonly { readonly name: string; readonly change: (url: URL) => void; readonly says: RegExp }[] = [
  {
    name: 'a wrong password',
    change: (url) => (url.password = 'another-secret'),
    says: /refuses the user name or password/,
  },
  { name: 'a database that there is not', change: (url) => (url.pathname = '/nowhere'), says: /no such database/ },
  { name: 'a port where nothing listens', change: (url) => (url.port = '1'), says: /nothing listens there/ },
  {
    name: 'a host that there is not',
    change: (url) => (url.hostname = 'nowhere.invalid'),
    says: /no such host|does not answer/,
  },
  {
    name: 'a server without TLS where TLS is asked for',
    change: (url) => url.searchParams.set('sslmode', 'verify-full'),
    says: /takes no TLS/,
  },
];
for (const { name, change, says } of WRONG) {
  test(`${name} is said at the start, without the password`, async () => {
    const url = new URL(server.database());
    change(url);
    await assert.rejects(open(url.href), (error: unknown) => {
      assert.ok(error instanceof SallyportError && error.code === 'records', String(error));
      assert.match(error.message, says);
      const whole = `${error.stack} ${JSON.stringify(error)} ${String(error.cause ?? '')}`;
      for (const secret of [server.password, 'another-secret', SECRET]) assert.ok(!whole.includes(secret), whole);
      return true;
    });
  });
}

test('a server that is killed and comes back: calls say unreachable meanwhile, and changes are told again after', async () => {
  const url = server.database();
  const [records, other] = [await open(url), await open(url, { instance: 'other' })];
  try {
    const told = collect(records);
    const put = login({ created: Date.now(), expires: later() });
    await other.logins.put(put);
    await told.until(1);
    await server.kill();
    await assert.rejects(records.logins.get(put.sessionHash), code('unreachable'));
    await assert.rejects(other.audit.append(event()), code('unreachable'));
    await server.start();
    assert.equal((await records.logins.get(put.sessionHash))?.subject, 'ada');
    await other.logins.remove(put.sessionHash);
    await told.until(2);
    assert.deepEqual(told.seen[1], { kind: 'login', action: 'removed', ref: put.sessionHash });
    assert.equal((await records.audit.verify()).ok, true);
  } finally {
    await records.close();
    await other.close();
  }
});

test('a transaction of somebody else that holds a row makes writes busy, not the gate', async () => {
  const url = server.database();
  const [records, other] = [await open(url, { busyMs: 200 }), await open(url)];
  try {
    await records.keys.addAccount({ id: 'partner', name: '', contact: '' });
    const key = await records.keys.issue(newKey());
    await other.sql.db.transaction().execute(async (trx) => {
      await sql`update sallyport_keys set note = 'held' where id = ${key.id}`.execute(trx);
      await assert.rejects(records.keys.revoke(key.id), code('busy'));
      assert.equal((await records.keys.get(key.id))?.revoked, 0, 'reads go on');
    });
    assert.equal(await records.keys.revoke(key.id), true);
  } finally {
    await records.close();
    await other.close();
  }
});

test('several processes that start on an empty database make one schema', async () => {
  const url = server.database();
  const opened = await Promise.all(Array.from({ length: 4 }, () => open(url)));
  try {
    await Promise.all(opened.map((records) => records.audit.append(event())));
    const first = opened[0];
    assert.ok(first !== undefined);
    assert.deepEqual([(await first.audit.verify()).rows, (await first.audit.verify()).ok], [4, true]);
  } finally {
    for (const records of opened) await records.close();
  }
});

test('errors of the server hold no value of a row', async () => {
  const records = await open(server.database());
  try {
    await records.keys.addAccount({ id: 'partner', name: '', contact: '' });
    const key = newKey({ material: { kind: 'bearer', hash: 'planted-hash' } });
    await records.keys.issue(key);
    const errors: unknown[] = [];
    await records.keys.issue({ ...key, id: 'planted-id' }).catch((error: unknown) => errors.push(error));
    await sql`drop table sallyport_bans`.execute(records.sql.db);
    const ban = { kind: 'key' as const, value: 'planted-value', reason: '', by: '', until: 0 };
    await records.bans.add(ban).catch((error: unknown) => errors.push(error));
    assert.deepEqual(
      errors.map((error) => error instanceof RecordsError && error.code),
      [false, 'fault'],
    );
    for (const error of errors) {
      assert.ok(error instanceof Error);
      const whole = `${error.stack} ${JSON.stringify(error)} ${String(error.cause ?? '')}`;
      assert.ok(!whole.includes('planted'), whole);
    }
  } finally {
    await records.close();
  }
});
