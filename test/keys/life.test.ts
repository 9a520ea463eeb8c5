import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createKeyDirectory } from '../../src/keys/directory.ts';
import { createBans } from '../../src/keys/bans.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearer, call as callPort, keyedGate, order, SECRET, until } from './support.ts';

describe('the life of a key', () => {
  test('P11.1 R69 a key that is replaced goes on beside the new one, without a request refused', async (t) => {
    const { desk, call, clock } = await keyedGate(t);
    const first = await desk.issue(order());
    await until(async () => (await call('/api/posts', bearer(first.secret))).status === 200);
    let refused = 0;
    let made = 0;
    let going = true;
    const traffic = (async () => {
      while (going) {
        made++;
        if ((await call('/api/posts', bearer(first.secret))).status !== 200) refused++;
      }
    })();
    const next = await desk.rotate(first.row.id, 3_600_000);
    await until(async () => (await call('/api/posts', bearer(next.secret))).status === 200);
    const before = made;
    await until(() => made > before + 20);
    going = false;
    await traffic;
    assert.equal(refused, 0);
    assert.deepEqual(next.row.scopes, first.row.scopes);
    clock.move(3_601_000);
    assert.equal((await call('/api/posts', bearer(first.secret))).status, 401, 'its overlap is over');
    assert.equal((await call('/api/posts', bearer(next.secret))).status, 200);
    await assert.rejects(desk.rotate(first.row.id, 0), /replaced/);
  });

  test('R67 P11.1 two partners’ quotas do not touch each other, and a spent one says when it begins anew', async (t) => {
    const { desk, call, clock } = await keyedGate(t);
    const quota = { count: 3, per: 86_400 };
    const one = await desk.issue(order({ account: 'one', quota }));
    const two = await desk.issue(order({ account: 'two', quota: { count: 1000, per: 86_400 } }));
    await until(async () => (await call('/api/posts', bearer(two.secret))).status === 200);
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++) statuses.push((await call('/api/posts', bearer(one.secret))).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    const spent = await call('/api/posts', bearer(one.secret));
    assert.equal(spent.code, 'limit');
    const wait = Number(spent.headers['retry-after']);
    const midnight = 86_400 - ((clock.wall() / 1000) % 86_400);
    assert.ok(Math.abs(wait - midnight) < 5, `${wait} of ${midnight} s`);
    assert.equal((await call('/api/posts', bearer(two.secret))).status, 200);
    clock.move((wait + 1) * 1000);
    assert.equal((await call('/api/posts', bearer(one.secret))).status, 200);
  });

  test('a key opens nothing before its time, from elsewhere, or while its account is disabled', async (t) => {
    const { desk, call, clock, records } = await keyedGate(t);
    const later = await desk.issue(order({ notBefore: clock.wall() + 60_000 }));
    const elsewhere = await desk.issue(order({ networks: ['192.0.2.0/24', '2001:db8::/32'] }));
    const here = await desk.issue(order({ networks: ['127.0.0.0/8'] }));
    await until(async () => (await call('/api/posts', bearer(here.secret))).status === 200);
    assert.equal((await call('/api/posts', bearer(later.secret))).status, 401);
    assert.equal((await call('/api/posts', bearer(elsewhere.secret))).status, 401);
    clock.move(61_000);
    assert.equal((await call('/api/posts', bearer(later.secret))).status, 200);
    await records.keys.setDisabled('partner', true);
    await until(async () => (await call('/api/posts', bearer(here.secret))).status === 401);
    await assert.rejects(desk.issue(order()), /disabled/);
    await records.keys.setDisabled('partner', false);
    await until(async () => (await call('/api/posts', bearer(here.secret))).status === 200);
  });

  test('a banned key opens nothing until the ban is lifted or over', async (t) => {
    const { desk, call, records, clock } = await keyedGate(t);
    const { row, secret } = await desk.issue(order());
    await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
    const ban = { kind: 'key' as const, value: row.id, reason: '', by: 'admin' };
    const first = await records.bans.add({ ...ban, until: 0 });
    await until(async () => (await call('/api/posts', bearer(secret))).status === 401);
    await records.bans.lift(first.id, 'admin');
    await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
    await records.bans.add({ ...ban, until: clock.wall() + 60_000 });
    await until(async () => (await call('/api/posts', bearer(secret))).status === 401);
    clock.move(61_000);
    assert.equal((await call('/api/posts', bearer(secret))).status, 200);
  });

  test('P11.4 what a key was used for is counted by day, and when it was used last', async (t) => {
    const { desk, call, gate, records, clock } = await keyedGate(t);
    const { row, secret } = await desk.issue(order());
    await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
    await call('/api/posts', bearer(secret));
    await gate.guard.close();
    const today = new Date(clock.wall()).toISOString().slice(0, 10);
    const [usage] = await records.keys.usage(today, today);
    assert.deepEqual(usage, { key: row.id, day: today, requests: 2, refused: 0 });
    assert.ok((await records.keys.get(row.id))?.lastUsed ?? 0 > clock.wall() - 60_000);
  });

  test('P11.1 R69 a key that another process revokes opens nothing here within 5 s', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const url = `sqlite:${join(folder, 'records.sqlite')}`;
    const [mine, theirs] = [await createRecords(url, { secret: SECRET }), await createRecords(url, { secret: SECRET })];
    const sealer = { seal: () => Buffer.alloc(0), open: () => null };
    const bans = await createBans(mine, Date.now);
    const directory = await createKeyDirectory({ records: mine, sealer, bans, leaked: 'alarm' });
    t.after(async () => {
      await directory.close();
      bans.close();
      await mine.close();
      await theirs.close();
    });
    const { createKeyDesk } = await import('../../src/keys/desk.ts');
    const { createRandom } = await import('../../src/doors/random.ts');
    const { systemClock } = await import('../../src/lib/clock.ts');
    const desk = createKeyDesk({ records: theirs, sealer, random: createRandom(), clock: systemClock });
    const { row, secret } = await desk.issue(order());
    await until(() => directory.find(row.id)?.matches(secret) === true);
    const begun = Date.now();
    await desk.revoke(row.id);
    await until(() => directory.find(row.id)?.ended === 'revoked');
    assert.ok(Date.now() - begun < 5000);
  });

  test('R69 a key and a ban that change while all are being read for the first time are known all the same', async (t) => {
    const records = await createRecords('memory', { secret: SECRET });
    t.after(() => records.close());
    const { desk } = await keyedGate(t);
    const { row } = await desk.issue(order());
    await records.keys.addAccount({ id: row.account, name: '', contact: '' });
    await records.keys.issue(row);
    const { active } = records.bans;
    const { list } = records.keys;
    // Long enough for whoever was told to have read what changed.
    const told = (wanted: string) =>
      new Promise<void>((resolve) => records.onChange(({ kind }) => kind === wanted && resolve())).then(async () => {
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      });
    // What was read lies on its way until the changes were told.
    t.mock.method(records.keys, 'list', async () => {
      const rows = await list();
      const known = told('key');
      await records.keys.revoke(row.id);
      await known;
      return rows;
    });
    let reads = 0;
    t.mock.method(records.bans, 'active', async () => {
      const rows = await active();
      if (reads++ > 0) return rows;
      const known = told('ban');
      await records.bans.add({ kind: 'prefix', value: '192.0.2.1', reason: '', by: '', until: 0 });
      await known;
      return rows;
    });
    const bans = await createBans(records, Date.now);
    const sealer = { seal: () => Buffer.alloc(0), open: () => null };
    const directory = await createKeyDirectory({ records, sealer, bans, leaked: 'alarm' });
    t.after(async () => {
      bans.close();
      await directory.close();
    });
    assert.equal(bans.has('prefix', '192.0.2.1'), true);
    await directory.settled();
    assert.equal(directory.find(row.id)?.ended, 'revoked');
  });

  test('R70 while records cannot be read, no key opens anything; a key of before comes back with them', async (t) => {
    const { desk, call, records, gate } = await keyedGate(t);
    const { secret } = await desk.issue(order());
    await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
    const lag = t.mock.method(records, 'lag', () => 5001);
    const reply = await callPort(gate.address.port, '/api/posts', bearer(secret));
    assert.deepEqual([reply.status, reply.code], [503, 'unsure']);
    lag.mock.restore();
    assert.equal((await call('/api/posts', bearer(secret))).status, 200);
  });

  test('secrets of keys are in no answer, record or decision', async (t) => {
    const { desk, call, decisions, records } = await keyedGate(t);
    const made = [
      await desk.issue(order()),
      await desk.issue(order({ kind: 'hmac' })),
      await desk.issue(order({ kind: 'ed25519' })),
    ];
    const text: string[] = [];
    for (const { secret } of made) {
      await until(async () => (await call('/api/posts', bearer(secret))).status !== 403);
      const refused = await call('/api/posts', {
        headers: { authorization: `Bearer ${secret}`, origin: 'https://x.example' },
      });
      text.push(refused.text, JSON.stringify(refused.headers));
    }
    text.push(
      JSON.stringify(decisions),
      JSON.stringify(await records.keys.list()),
      JSON.stringify(await records.audit.list()),
    );
    for (const { secret } of made) {
      for (const place of text) assert.equal(place.includes(secret.slice(15, 58)), false);
    }
  });
});
