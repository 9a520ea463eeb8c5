import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSender, field } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { HEADER_DECISION } from '../../src/wire/constants.ts';
import { backend, desk } from './support.ts';

const SECRET = 'planted-secret-of-the-gate-0123456789';
const PASSWORD = 'planted password of anna';
const WRONG = 'planted password mistyped';
const TYPED = 'plantedpasswordinthewrongfield';

test('R22 R71 what people and partners show is in no output, log line or file: passwords, tokens, cookies, keys, links', async (t) => {
  const { url } = await backend(t);
  const { gate, run, write, folder } = desk(t, { SALLYPORT_SECRET: SECRET });
  const routes = [{ match: 'GET /api/posts', keys: ['posts:read'] }];
  const login = { accounts: { signUp: 'open', token: 'your-api-token' } };
  write('sallyport.config.json', JSON.stringify({ records: 'sqlite:./kept.sqlite', login, routes }));
  const running = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'debug');
  const origin = new URL(running.report.url).origin;
  const target = parseTarget(`${origin}/api/posts`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  assert.ok((await client.open()).opened);

  const secrets = new Map<string, string>([
    ['the secret', SECRET],
    ['a password', PASSWORD],
    ['a wrong password', WRONG],
    ['a password in the field for names', TYPED],
  ]);
  const ids: string[] = [];
  const ask = async (path: string, body: object) => {
    const answer = await client.ask(path, body);
    ids.push(field(answer.fields, HEADER_DECISION) ?? '');
    for (const pair of client.cookies().split('; ')) {
      const [name = '', value = ''] = pair.split('=');
      if (value.length > 20) secrets.set(`${name} after ${path}`, value);
    }
    return JSON.parse(Buffer.from(answer.body).toString());
  };
  await ask('/signup', { name: 'anna', password: PASSWORD });
  await ask('/login', { name: 'anna', password: WRONG });
  await ask('/login', { name: TYPED, password: PASSWORD });
  await ask('/login', { name: 'anna', password: PASSWORD });
  const { token } = await ask('/login', { name: 'anna', password: PASSWORD, token: true });
  secrets.set('a session token', token);
  const proven = client.sign({ method: 'GET' });
  await sender.send({ ...proven, fields: [...proven.fields, 'Your-Api-Token', token] });
  await ask('/login/second-factor', { code: '918273' });
  await ask('/password/reset', { token: 'planted-reset-token', password: PASSWORD });
  secrets.set('a guessed link', 'planted-reset-token');

  const { secret: key } = JSON.parse(
    (await run('keys', 'issue', '--for', 'partner', '--scope', 'posts:read', '--json')).out,
  );
  secrets.set('an API key', String(key));
  const headers = { authorization: `Bearer ${key}` };
  assert.equal((await fetch(`${origin}/api/posts`, { headers })).status, 200);
  for (const answer of [
    await fetch(`${origin}/api/posts`, { headers: { ...headers, origin } }),
    await fetch(`${origin}/api/posts?key=${key}`),
  ]) {
    assert.equal(answer.status, 403);
    ids.push(answer.headers.get(HEADER_DECISION) ?? '');
    assert.ok(!(await answer.text()).includes(key));
  }
  const linked = await run('users', 'reset-password', 'anna');
  const link = /#reset=([\w-]+)/.exec(linked.out)?.[1] ?? '';
  assert.ok(link.length > 20, linked.err);
  secrets.set('a link', link);

  const said: [string, string][] = [];
  const commands = [
    'status',
    'report',
    'keys',
    'keys --json',
    'users',
    'sessions',
    'bans',
    'audit',
    'audit --json',
    'check',
  ];
  for (const command of [...commands, ...ids.filter((id) => id !== '').map((id) => `why ${id}`)]) {
    const { out, err } = await run(...command.split(' '));
    said.push([command, out + err]);
  }
  assert.ok(
    said.some(([, text]) => /login-failed/.test(text)),
    'why tells of the failed login',
  );
  for (const name of readdirSync(folder).filter((one) => one.startsWith('kept.sqlite')))
    said.push([name, readFileSync(join(folder, name), 'latin1')]);
  assert.ok(
    said.some(([, text]) => text.includes('key.issue')),
    'the files are those that are written',
  );
  assert.equal(await running.stop(), 0);
  said.push(['log', running.err()], ['kept.sqlite', readFileSync(join(folder, 'kept.sqlite'), 'latin1')]);
  for (const [what, text] of said) {
    for (const [name, secret] of secrets) assert.ok(!text.includes(secret), `${name} in ${what}`);
  }
});
