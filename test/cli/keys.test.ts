import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { at, backend, desk, until } from './support.ts';

const run = promisify(execFile);

const CONFIG = (to: string) => `export default {
  to: '${to}', listen: '127.0.0.1:0', mode: 'enforce',
  routes: [{ match: 'GET /api/posts', keys: ['posts:read'] }, { match: 'POST /api/posts', keys: ['posts:write'] }],
};`;

test('P11.1 P8.1 `keys` issues a key with a ready curl line, lists it without its secret, replaces and revokes it', async (t) => {
  const { url } = await backend(t);
  const here = desk(t);
  here.write('sallyport.config.mjs', CONFIG(url));
  const gate = await here.gate();

  const issued = await here.run('keys', 'issue', '--for', 'me', '--ttl', '1h');
  assert.equal(issued.code, 0, issued.err);
  const line = /^ {2}curl (-H '[^']+') (\S+)$/m.exec(issued.out) ?? assert.fail(issued.out);
  const [, header = '', address = ''] = line;
  const curl = await run('curl', ['-s', '-H', header.slice(4, -1), address]);
  assert.equal(curl.stdout, '{"ok":true}');

  const secret = /spk_\w{60}/.exec(issued.out)?.[0] ?? assert.fail();
  const listed = await here.run('keys');
  assert.match(listed.out, /^ {2}spk_\w{11} {2}me {2}bearer {2}until /m);
  assert.equal(listed.out.includes(secret), false);
  assert.equal(gate.err().includes(secret), false, 'nor is it in the log');

  const replaced = await here.json('keys', 'rotate', secret.slice(4, 15), '--overlap', '1h');
  const next = String(at(replaced.value, 'secret'));
  for (const key of [secret, next]) {
    const both = await run('curl', ['-s', '-H', `Authorization: Bearer ${key}`, address]);
    assert.equal(both.stdout, '{"ok":true}', 'the old key goes on beside the new one');
  }
  assert.equal((await here.run('keys', 'revoke', secret.slice(0, 15))).code, 0);
  const ended = await run('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    `Authorization: Bearer ${secret}`,
    address,
  ]);
  assert.equal(ended.stdout, '401');
  assert.equal((await here.run('keys', 'revoke', secret.slice(0, 15))).code, 1, 'once');
  const audit = await here.run('audit');
  for (const action of ['key.issue', 'key.rotate', 'key.revoke']) assert.ok(audit.out.includes(action), action);
  assert.equal(audit.out.includes(secret), false);
});

test('R69 `keys issue` takes a partner’s public key, and says what is wrong with an order', async (t) => {
  const { url } = await backend(t);
  const here = desk(t);
  here.write('sallyport.config.mjs', CONFIG(url));
  await here.gate();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const file = here.write('partner.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const order = ['keys', 'issue', '--for', 'partner', '--scope', 'posts:read', '--quota', '1000/day'];
  const issued = await here.json(...order, '--ed25519', file);
  assert.equal(issued.code, 0);
  assert.equal(at(issued.value, 'secret'), '');
  assert.equal(at(issued.value, 'key', 'kind'), 'ed25519');
  assert.deepEqual(at(issued.value, 'key', 'quota'), { count: 1000, per: 86_400 });

  const hidden = here.write('private.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  for (const [flags, why] of [
    [['--ed25519', hidden], /public key/],
    [['--scope', 'posts:delete'], /posts:delete/],
    [['--network', '10.0.0.1/8'], /network/],
  ] as const) {
    const refused = await here.run(...order, ...flags);
    assert.equal(refused.code, 1, String(flags));
    assert.match(refused.err, why);
  }
  assert.equal((await here.run(...order, '--ttl', 'soon')).code, 2);
  const unnamed = await here.run('keys', 'issue', '--for', 'partner');
  assert.equal(unnamed.code, 1, 'a key without end says what it is for');
  const usage = await here.run('keys', 'usage');
  assert.equal(usage.out.trim(), 'day,account,key,requests,refused');
});

test('P11.2 P4.5 a key in a page and a pass for tests raise alarms in log and audit log, each once a minute', async (t) => {
  const { url } = await backend(t);
  const here = desk(t);
  here.write('sallyport.config.mjs', CONFIG(url));
  const gate = await here.gate();
  const { value } = await here.json('keys', 'issue', '--for', 'partner', '--ttl', '1h');
  const secret = String(at(value, 'secret'));
  const address = `${gate.report.url}/api/posts`;
  const leaked = { authorization: `Bearer ${secret}`, origin: gate.report.url };
  for (let time = 0; time < 5; time++) assert.equal((await fetch(address, { headers: leaked })).status, 403);
  const keys = await here.run('keys', 'test-pass', '--new-key', '--json');
  const privateKey = String(at(JSON.parse(keys.out), 'privateKey'));
  const tests = desk(t, { SALLYPORT_TEST_KEY: privateKey });
  const pass = (await tests.run('keys', 'test-pass', '--ttl', '1h')).out.trim();
  assert.match(pass, /^stp_/);
  assert.equal((await fetch(address, { headers: { 'sallyport-test-pass': pass } })).status, 403);
  assert.equal((await tests.run('keys', 'test-pass', '--ttl', '2d')).code, 2);
  assert.equal((await here.run('keys', 'test-pass')).code, 2, 'without a key there is no pass');

  const audit = await here.json('audit');
  const rows = at(audit.value, 'rows');
  assert.ok(Array.isArray(rows));
  const actions = rows.map((row) => String(at(row, 'action')));
  assert.equal(actions.filter((action) => action === 'key.leaked').length, 1);
  assert.equal(actions.filter((action) => action === 'test-pass').length, 1);
  await until(() => /key\.leaked/.test(gate.err()), 'the alarm in the log');
  for (const place of [gate.err(), JSON.stringify(rows)]) {
    assert.equal(place.includes(secret), false);
    assert.equal(place.includes(pass), false);
  }
});
