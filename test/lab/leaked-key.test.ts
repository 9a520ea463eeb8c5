import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyReplay } from '../../src/lab/attackers/key-replay.ts';
import { leakedKey } from '../../src/lab/attackers/leaked-key.ts';
import { runAttackers } from '../../src/lab/run.ts';
import { bearer, keyedGate, order, until } from '../keys/support.ts';

test('R69 a key that lies in a bundle is found and gets in until it is revoked, as the table says', async (t) => {
  const page = new Map<string, string>();
  const { desk, call, origin } = await keyedGate(t, {}, page);
  const { secret, row } = await desk.issue(order());
  await until(async () => (await call('/api/posts', bearer(secret))).status === 200);
  page.set('/', '<!doctype html><html><head><script src="/app.js"></script></head><body>app</body></html>');
  page.set('/app.js', `const headers = { authorization: "Bearer ${secret}" };`);
  const attack = async () => {
    const report = await runAttackers(`${origin}/api/posts`, { calls: 10, seconds: 20, chromium: null }, [leakedKey]);
    return report.rungs[0] ?? assert.fail('no rung');
  };
  const open = await attack();
  assert.ok(open.admitted > 0, JSON.stringify(open));
  assert.ok(JSON.stringify(open).includes(row.id), 'named by its id');
  assert.equal(JSON.stringify(open).includes(secret), false, 'and not printed');
  await desk.revoke(row.id);
  await until(async () => (await call('/api/posts', bearer(secret))).status === 401);
  assert.equal((await attack()).admitted, 0);
  page.set('/app.js', 'const nothing = true;');
  assert.equal((await attack()).verdict, 'not run');
});

test('R69 where no key lies in the page, one that was issued for the run shows what it would be worth', async (t) => {
  const { desk, call, origin } = await keyedGate(t, {}, new Map([['/', '<!doctype html><p>app</p>']]));
  const bearing = await desk.issue(order());
  const signing = await desk.issue(order({ kind: 'ed25519' }));
  await until(async () => (await call('/api/posts', bearer(bearing.secret))).status === 200);
  const issued = { bearer: bearing.secret, signing: signing.secret, at: '/api/posts' };
  const options = { calls: 10, seconds: 20, chromium: null, issued };
  // The address under attack takes no keys: the run asks where they are taken.
  const report = await runAttackers(`${origin}/api/elsewhere`, options, [leakedKey, keyReplay]);
  const [leaked, replayed] = report.rungs;
  assert.equal(leaked?.verdict, 'gets in', JSON.stringify(leaked));
  assert.ok(leaked.notes.some((note) => note.includes('none lies in the page') && note.includes(bearing.row.id)));
  assert.deepEqual([replayed?.verdict, replayed?.honest], ['stopped', 3], JSON.stringify(replayed));
  for (const { secret } of [bearing, signing]) assert.ok(!JSON.stringify(report).includes(secret), 'no secret');
});

test('R42 R69 a partner’s signed request is good once, a bearer key’s for whoever reads it, a revoked one’s for nobody', async (t) => {
  const { desk, call, origin } = await keyedGate(t);
  const attack = async (apiKey: string) => {
    const options = { calls: 10, seconds: 20, chromium: null, apiKey };
    const report = await runAttackers(`${origin}/api/posts`, options, [keyReplay]);
    return report.rungs[0] ?? assert.fail('no rung');
  };
  const plain = await desk.issue(order());
  const signing = await desk.issue(order({ kind: 'ed25519' }));
  await until(async () => (await call('/api/posts', bearer(plain.secret))).status === 200);
  assert.equal((await attack(plain.secret)).verdict, 'gets in');
  const signed = await attack(signing.secret);
  assert.equal(signed.verdict, 'stopped', JSON.stringify(signed));
  assert.deepEqual(Object.keys(signed.refused).sort(), ['key', 'replayed']);
  await desk.revoke(plain.row.id);
  await until(async () => (await call('/api/posts', bearer(plain.secret))).status === 401);
  assert.equal((await attack(plain.secret)).verdict, 'stopped');
  assert.equal((await attack('')).verdict, 'not run');
});
