import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { createRecords } from '../../../src/stores/records/open.ts';
import { DAY, login, MINUTE, SECRET, START } from '../../contract/records/support.ts';

interface Moved {
  wall: number;
  monotonic: number;
}

const opened = (at: Moved) =>
  createRecords('memory', { secret: SECRET, clock: { wall: () => at.wall, monotonic: () => at.monotonic } });

test('however many names strangers try, attempts stay bounded, and what is blocked stays blocked', async (t) => {
  const records = await opened({ wall: START, monotonic: 0 });
  t.after(() => records.close());
  const { db } = records.sql;
  await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 100050)
    insert into sallyport_attempts select 'stranger:' || i, 1, ${START}, ${START - MINUTE} + i, 0 from n`.execute(db);
  await records.attempts.block('account:ada', START + DAY);
  await sql`update sallyport_attempts set last = 1 where key = 'account:ada'`.execute(db);
  await records.purge();
  const { rows } = await sql<{ count: number }>`select count(*) as count from sallyport_attempts`.execute(db);
  assert.ok((rows[0]?.count ?? 0) <= 100_001, `${rows[0]?.count} rows`);
  assert.equal((await records.attempts.get('account:ada'))?.blockedUntil, START + DAY);
  assert.equal(await records.attempts.get('stranger:1'), null, 'the oldest go first');
  assert.notEqual(await records.attempts.get('stranger:100050'), null);
});

test('changes are forgotten after an hour, and who did not look for long forgets all it has', async (t) => {
  const at = { wall: START, monotonic: 0 };
  const records = await opened(at);
  t.after(() => records.close());
  await records.logins.put(login());
  at.wall += 61 * MINUTE;
  at.monotonic += 61 * MINUTE;
  await records.purge();
  const { rows } = await sql`select id from sallyport_changes`.execute(records.sql.db);
  assert.deepEqual(rows, []);
  const told = await new Promise((resolve) => records.onChange(resolve));
  assert.deepEqual(told, { kind: 'all', action: 'changed', ref: '' });
});

test('bans and usage are kept for a while after they ended, and no longer', async (t) => {
  const at = { wall: START, monotonic: 0 };
  const records = await opened(at);
  t.after(() => records.close());
  const ban = (until: number) => records.bans.add({ kind: 'key', value: 'k', reason: '', by: 'a', until });
  const forever = await ban(0);
  await ban(START + MINUTE);
  await records.bans.lift((await ban(0)).id, 'a');
  await records.keys.count([{ key: 'k', day: '2026-01-01', requests: 1, refused: 0 }]);
  at.wall += 89 * DAY;
  await records.purge();
  assert.equal((await records.bans.list()).length, 3);
  assert.equal((await records.keys.usage('2026-01-01', '2026-01-01')).length, 1);
  at.wall += 311 * DAY;
  await records.purge();
  assert.deepEqual(
    (await records.bans.list()).map(({ id }) => id),
    [forever.id],
  );
  assert.deepEqual(await records.keys.usage('2026-01-01', '2026-01-01'), []);
});

test('a listener that throws does not keep changes from the others', async (t) => {
  const records = await opened({ wall: START, monotonic: 0 });
  t.after(() => records.close());
  records.onChange(() => {
    throw new Error('a defect of a listener');
  });
  const heard = new Promise((resolve) => records.onChange(({ ref }) => resolve(ref)));
  const put = login();
  await records.logins.put(put);
  assert.equal(await heard, put.sessionHash);
});
