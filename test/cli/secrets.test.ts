import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CompactEncrypt, SignJWT } from 'jose';
import { createSender, field } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { createTestKey } from '../../src/testing/pass.ts';
import { HEADER_DECISION } from '../../src/wire/constants.ts';
import { codeFor } from '../identity/accounts/totp.ts';
import { backend, desk } from './support.ts';

const SECRET = 'planted-secret-of-the-gate-0123456789';
const PASSWORD = 'planted password of anna';
const WRONG = 'planted password mistyped';
const TYPED = 'plantedpasswordinthewrongfield';

test('R22 R71 what people and partners show is in no output, log line or file: passwords, tokens, cookies, keys, links', async (t) => {
  const { url } = await backend(t);
  const { gate, runApart: run, write, folder } = desk(t, { SALLYPORT_SECRET: SECRET });
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

test('R22 R71 what a configuration holds, and what machines and second factors show, is in no output, log line or file', async (t) => {
  const { url } = await backend(t);
  const { privateKey: testKey } = createTestKey();
  const planted = {
    'the secret': SECRET,
    'the secret of a client': 'planted-secret-of-the-client-0123456789',
    'the secret of the app’s tokens': 'planted-secret-of-the-apps-tokens-0123456789',
    'the key of encrypted tokens': randomBytes(32).toString('base64url'),
    'the key of test passes': testKey.split('\n')[1] ?? '',
  };
  const secrets = new Map<string, string>(Object.entries(planted));
  const {
    gate,
    runApart: run,
    json,
    write,
    folder,
  } = desk(t, { SALLYPORT_SECRET: SECRET, SALLYPORT_TEST_KEY: testKey });
  const jwt = {
    ...{ issuer: 'app', audience: 'app', secret: planted['the secret of the app’s tokens'] },
    encryption: { alg: 'dir', enc: 'A256GCM', secret: planted['the key of encrypted tokens'] },
  };
  const company = {
    issuer: 'http://127.0.0.1:1',
    clientId: 'gate',
    clientSecret: planted['the secret of a client'],
  };
  const config = {
    records: 'sqlite:./kept.sqlite',
    login: { accounts: { signUp: 'open' }, jwt, providers: { company } },
    antiForgery: { cookie: true },
    routes: [
      { match: 'GET /api/posts', keys: ['posts:read'] },
      { match: 'GET /api/mine', user: true },
    ],
  };
  write('sallyport.config.json', JSON.stringify(config));
  const running = await gate('--to', url, '--listen', '0', '--mode', 'enforce', '--log', 'debug');
  const { origin } = new URL(running.report.url);
  const target = parseTarget(`${origin}/api/mine`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  const noteCookies = (): void => {
    for (const pair of client.cookies().split('; ')) {
      const [name = '', value = ''] = pair.split('=');
      if (value.length > 20) secrets.set(name, value);
    }
  };
  const enter = async (): Promise<void> => {
    assert.ok((await client.open()).opened);
    noteCookies();
    const signed = client.sign({ method: 'GET' }).fields.find((value) => value.startsWith('sallyport=(')) ?? '';
    const ticket = /;keyid="([^"]+)"/.exec(signed)?.[1] ?? '';
    secrets.set(`ticket ${secrets.size}`, ticket.slice(ticket.indexOf('.') + 1));
  };
  const proven = async (under: string, body: object) => {
    const sent = { method: 'POST', under, body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };
    return JSON.parse(Buffer.from((await client.call(sent)).body).toString());
  };

  await enter();
  await client.ask('/signup', { name: 'anna', password: PASSWORD });
  await enter();
  assert.equal((await client.call({ method: 'GET' })).status, 200);
  const { uri, backupCodes } = await proven('/second-factor', { password: PASSWORD });
  const [first = '', second = ''] = backupCodes;
  secrets.set('a TOTP secret', new URL(uri).searchParams.get('secret') ?? '');
  secrets.set('a backup code', first).set('a used backup code', second);
  assert.ok((await proven('/second-factor', { code: codeFor(uri) })).user);
  await enter();
  await client.ask('/login', { name: 'anna', password: PASSWORD });
  noteCookies();
  assert.equal((await client.ask('/login/second-factor', { code: second })).status, 200);
  await enter();
  await client.visit('/login/company');

  const claims = { sub: 'ada', iss: 'app', aud: 'app', exp: Math.floor(Date.now() / 1000) + 3600 };
  const inner = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(jwt.secret));
  const token = await new CompactEncrypt(Buffer.from(inner))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
    .encrypt(Buffer.from(jwt.encryption.secret, 'base64url'));
  secrets.set('a token', token).set('the token inside it', inner);
  const stranger = createWireClient(target, '/', sender);
  assert.ok((await stranger.open()).opened);
  for (const [authorization, status] of [
    [`Bearer ${token}`, 200],
    [`Bearer ${inner}`, 401],
  ] as const)
    assert.equal((await stranger.call({ method: 'GET', authorization })).status, status);

  for (const kind of ['--hmac', '--ed25519']) {
    const issued = await json('keys', 'issue', '--for', 'partner', '--scope', 'posts:read', kind);
    const key = String(Reflect.get(Object(issued.value), 'secret'));
    secrets.set(`a key by ${kind}`, key);
    const shown = await fetch(`${origin}/api/posts`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(shown.status, 401, 'the secret of a signing key never travels');
  }
  const pass = (await run('keys', 'test-pass')).out.trim();
  secrets.set('a pass of tests', pass);
  const tried = await fetch(`${origin}/api/posts`, { headers: { 'sallyport-test-pass': pass } });
  assert.equal(tried.status, 403);

  const said: [string, string][] = [];
  const all = ['status', 'report', 'keys --json', 'users --json', 'sessions --json', 'audit --json', 'check --json'];
  for (const command of [...all, 'check', 'doctor --json']) {
    const { out, err } = await run(...command.split(' '));
    assert.ok(out.length > 0, command);
    said.push([command, out + err]);
  }
  // What is wrong with a secret is said without it.
  const wrong = [
    { login: { jwt: { ...jwt, secret: 'planted-short' } } },
    { login: { jwt: { ...jwt, encryption: { ...jwt.encryption, secret: 'planted-short' } } } },
    { login: { providers: { company: { ...company, clientSecret: ['planted-short'] } } } },
    { login: { providers: { company: { ...company, clientSecrets: 'planted-short' } } } },
    { records: 'postgres://gate:planted-short@127.0.0.1:1/none', to: url, listen: '127.0.0.1:0' },
  ];
  secrets.set('what is wrong in a configuration', 'planted-short');
  for (const [index, each] of wrong.entries()) {
    const file = write(`wrong-${index}.json`, JSON.stringify(each));
    const { code, out, err } = await run('--config', file, '--to', url, '--listen', '0');
    assert.notEqual(code, 0, JSON.stringify(each));
    said.push([`configuration ${index}`, out + err]);
  }
  assert.equal(await running.stop(), 0);
  said.push(['log', running.err()]);
  for (const name of readdirSync(folder).filter((one) => one.startsWith('kept.sqlite')))
    said.push([name, readFileSync(join(folder, name), 'latin1')]);
  assert.ok(
    said.some(([what, text]) => what === 'log' && text.includes('test-pass')),
    'the log tells of the pass',
  );
  for (const [name, secret] of secrets) assert.ok(secret.length > 9, `${name} was shown`);
  for (const [what, text] of said) {
    for (const [name, secret] of secrets) assert.ok(!text.includes(secret), `${name} in ${what}: ${text}`);
  }
});
