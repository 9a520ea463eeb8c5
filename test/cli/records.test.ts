import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { callAdmin } from '../../src/gateway/admin-client.ts';
import { socketPath } from '../../src/gateway/runtime-folder.ts';
import { backend, desk } from './support.ts';

const PASSWORD = 'pa55-of-the-database';
const SECRET = 'planted-secret-of-the-gate-0123456789';
const CLIENT_SECRET = 'planted-secret-of-the-client';

test('records that cannot be used end the start with one line, with what to do and without the password', async (t) => {
  const { run, folder } = desk(t);
  writeFileSync(join(folder, 'words'), 'no database, but long enough to have a header like one');
  const rows: readonly { readonly records: string; readonly says: RegExp }[] = [
    {
      records: `postgres://gate:${PASSWORD}@127.0.0.1:1/sallyport`,
      says: /^sallyport: records are postgres:\/\/127\.0\.0\.1:1\/sallyport; .*nothing listens there\n$/,
    },
    {
      records: `postgres://gate:${PASSWORD}@127.0.0.1:1`,
      says: /^sallyport: command line: --records is .*name the database/,
    },
    {
      records: `mysql://gate:${PASSWORD}@127.0.0.1/x`,
      says: /^sallyport: command line: --records is .*; write memory, sqlite:PATH/,
    },
    {
      records: 'sqlite:./none/x.sqlite',
      says: /^sallyport: records are sqlite:.*; there is no folder .*none; make it first\n$/,
    },
    { records: 'sqlite:./words', says: /^sallyport: records are sqlite:.*words; the file is not a database\n$/ },
  ];
  for (const { records, says } of rows) {
    const { code, out, err } = await run('--to', 'http://127.0.0.1:9', '--listen', '0', '--records', records);
    assert.equal(code, 2, err);
    assert.match(err, says);
    assert.ok(!`${out}${err}`.includes(PASSWORD));
  }
  const checked = await run('check', '--to', 'http://127.0.0.1:9', '--records', rows[0]?.records ?? '', '--json');
  assert.ok(!`${checked.out}${checked.err}`.includes(PASSWORD));
});

test('secrets are in no output, log line or file: not the gate’s, not a provider’s', async (t) => {
  const { url } = await backend(t);
  const { gate, run, write, folder, runtime } = desk(t, { SALLYPORT_SECRET: SECRET });
  const providers = { company: { issuer: 'http://127.0.0.1:9', clientId: 'gate', clientSecret: CLIENT_SECRET } };
  const config = { records: 'sqlite:./kept.sqlite', login: { providers } };
  write('sallyport.config.json', JSON.stringify(config));
  const running = await gate('--to', url, '--listen', '0', '--log', 'debug');
  const said: string[] = [JSON.stringify(running.report)];
  const commands = [
    'status',
    'report',
    'bans',
    'bans add --key k-1',
    'audit',
    'audit verify',
    'check',
    'why x',
    'status --json',
    'audit --json',
    'check --json',
  ];
  for (const command of commands) {
    const { out, err } = await run(...command.split(' '));
    said.push(out, err);
  }
  const port = Number(new URL(running.report.url).port);
  const path = socketPath(join(runtime, 'sallyport'), port);
  for (const asked of ['/status', '/routes', '/audit', '/audit/verify', '/bans', '/metrics']) {
    const { status, body } = await callAdmin({ port, path }, 'GET', asked);
    assert.equal(status, 200, asked);
    said.push(JSON.stringify(body));
  }
  said.push(running.err());
  const files = (): string[] =>
    readdirSync(folder).filter((name) => name.startsWith('kept.sqlite') && statSync(join(folder, name)).isFile());
  const content = files().map((name) => readFileSync(join(folder, name), 'latin1'));
  assert.ok(content.join('').includes('ban.add'), 'the files are those that are written');
  assert.equal(await running.stop(), 0);
  assert.deepEqual(files(), ['kept.sqlite'], 'what SQLite lays beside it is gone with the gate');
  for (const text of [...said, ...content, readFileSync(join(folder, 'kept.sqlite'), 'latin1'), running.err()]) {
    for (const secret of [SECRET, CLIENT_SECRET]) assert.ok(!text.includes(secret), text.slice(0, 2000));
  }
});

test('other records in a configuration that is read again are refused: what is open stays open', async (t) => {
  const { url } = await backend(t);
  const { gate, write, runtime } = desk(t);
  write('sallyport.config.json', '{ "records": "sqlite:./one.sqlite" }');
  const running = await gate('--to', url, '--listen', '0', '--log', 'silent');
  const port = Number(new URL(running.report.url).port);
  const path = socketPath(join(runtime, 'sallyport'), port);
  const reload = async () => callAdmin({ port, path }, 'POST', '/reload');
  assert.equal((await reload()).status, 200);
  write('sallyport.config.json', `{ "records": "postgres://gate:${PASSWORD}@db/x" }`);
  const refused = await reload();
  assert.equal(refused.status, 409);
  assert.match(
    JSON.stringify(refused.body),
    /records is .*postgres:\/\/db\/x.* is taken up at the start.*one\.sqlite; restart to change it/,
  );
  assert.ok(!JSON.stringify(refused.body).includes(PASSWORD));
  await running.stop();
});

test('records on disk without a secret that lasts are warned of at the start, and only they', async (t) => {
  const { url } = await backend(t);
  const cases = [
    { environment: { SALLYPORT_SECRET: '' }, records: 'sqlite:./kept.sqlite', warned: true },
    { environment: { SALLYPORT_SECRET: SECRET }, records: 'sqlite:./kept.sqlite', warned: false },
    { environment: { SALLYPORT_SECRET: '' }, records: 'memory', warned: false },
  ];
  for (const { environment, records, warned } of cases) {
    const { gate } = desk(t, environment);
    const running = await gate('--to', url, '--listen', '0', '--records', records);
    assert.equal(await running.stop(), 0);
    assert.equal(/set SALLYPORT_SECRET/.test(running.err()), warned, `${records}, warned: ${warned}`);
  }
});
