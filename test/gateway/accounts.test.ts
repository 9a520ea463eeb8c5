import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { AccountsConfig } from '../../src/guard/config-accounts.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { Records } from '../../src/guard/records.ts';
import { createSender, type RawAnswer, type RawRequest } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { createRecords } from '../../src/stores/records/open.ts';

const SECRET = 'a secret of the tests, 32 long at least';
const PASSWORD = 'correct horse battery';

interface Place {
  readonly gate: Gate;
  readonly records: Records;
  readonly file: string;
  /** A program that walked the doors. */
  client(): Promise<WireClient>;
  /** A route that asks for a user, over the client's connection. */
  readonly path: string;
}

async function openPlace(t: TestContext, config: AccountsConfig): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gate-accounts-'));
  const file = join(folder, 'kept.sqlite');
  const backend = createServer((_request, response) => response.end('[]'));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  const records = await createRecords(`sqlite:${file}`, { secret: SECRET, busyMs: 100 });
  const gate = await startGate(
    {
      to: `http://127.0.0.1:${port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      mint: { perPrefix: 1000, total: 1000 },
      login: { accounts: config },
      routes: [{ match: 'GET /api/mine', user: true }, { match: 'GET /api/all' }],
    },
    { secret: SECRET, records },
  );
  const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api/mine`);
  t.after(async () => {
    await gate.close({ graceMs: 50 });
    await records.close();
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    gate,
    records,
    file,
    path: '/api/mine',
    async client() {
      const sender = createSender(target);
      t.after(() => sender.close());
      const client = createWireClient(target, '/', sender);
      const opening = await client.open();
      assert.ok(opening.opened, opening.why);
      return client;
    },
  };
}

const codeOf = ({ body }: RawAnswer): string => String(JSON.parse(Buffer.from(body).toString()).code ?? '');
const membersOf = ({ body }: RawAnswer): Record<string, unknown> => JSON.parse(Buffer.from(body).toString());

const withToken = (request: RawRequest, token: string): RawRequest => ({
  ...request,
  fields: [...request.fields, 'Your-Api-Token', token],
});

test('a session token opens routes with its own session’s proofs, and is worth nothing elsewhere', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open', token: 'your-api-token' });
  const owner = await client();
  const made = await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  assert.equal(made.status, 200, Buffer.from(made.body).toString());
  const page = await client();
  const answer = membersOf(await page.ask('/login', { name: 'anna', password: PASSWORD, token: true }));
  const token = String(answer['token']);
  const send = (by: WireClient, request = by.sign({ method: 'GET' })) => by.sender.send(withToken(request, token));

  assert.equal(codeOf(await page.call({ method: 'GET' })), 'login-required', 'without it');
  assert.equal((await send(page)).status, 200);
  const thief = await client();
  assert.equal(codeOf(await send(thief)), 'login-required', 'in another session, with proofs of its own');
  const unsigned = page.sign({ method: 'GET' });
  const bare = {
    ...unsigned,
    fields: unsigned.fields.filter((_, at, all) => !/^signature/i.test(all[at - (at % 2)] ?? '')),
  };
  assert.equal((await send(page, bare)).status, 403, 'without a proof');
  const forged = await page.sender.send(withToken(page.sign({ method: 'GET' }), `${token.slice(0, -3)}AAA`));
  assert.equal(codeOf(forged), 'login-required');

  const second = await client();
  const others = String(
    membersOf(await second.ask('/login', { name: 'anna', password: PASSWORD, token: true }))['token'],
  );
  const otherCall = () => second.sender.send(withToken(second.sign({ method: 'GET' }), others));
  assert.equal((await otherCall()).status, 200);
  const logout = second.sign({ method: 'POST', under: '/logout' });
  const left = await second.sender.send(
    withToken({ ...logout, fields: [...logout.fields, 'X-Requested-With', 'sallyport'] }, others),
  );
  assert.equal(left.status, 200, codeOf(left));
  assert.equal(codeOf(await otherCall()), 'login-required', 'a logout ends the token that comes along');
  assert.equal((await send(page)).status, 200, 'and no other');

  assert.ok(gate.guard.users);
  await gate.guard.users.endSessions('anna');
  assert.equal(codeOf(await send(page)), 'login-required', 'after it was ended');
});

test('R23 R28 a login takes only what a page of ours sends', async (t) => {
  const { client, gate, records } = await openPlace(t, { signUp: 'open' });
  await (await client()).ask('/signup', { name: 'anna', password: PASSWORD });
  const origin = `http://127.0.0.1:${gate.address.port}`;
  const body = JSON.stringify({ name: 'anna', password: PASSWORD });
  const json = { 'content-type': 'application/json', origin, 'x-requested-with': 'sallyport' };
  const attempts: readonly (readonly [string, Record<string, string>])[] = [
    ['another site’s origin', { ...json, origin: 'https://evil.example' }],
    ['cross-site by Fetch Metadata', { ...json, 'sec-fetch-site': 'cross-site' }],
    ['a form', { origin, 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { origin, 'content-type': 'text/plain' }],
    ['no origin at all', { 'content-type': 'application/json', 'x-requested-with': 'sallyport' }],
  ];
  const before = (await records.audit.list({ action: 'login' })).length;
  for (const [what, headers] of attempts) {
    const answer = await fetch(`${origin}/_sallyport/login`, { method: 'POST', headers, body });
    assert.equal(answer.status, 403, what);
    assert.equal(answer.headers.getSetCookie().length, 0, what);
  }
  for (const path of ['login', 'signup', 'password/reset', 'verify', 'logout']) {
    const answer = await fetch(`${origin}/_sallyport/${path}`, { method: 'PUT', headers: json, body });
    assert.ok(answer.status >= 400, path);
  }
  assert.equal((await records.audit.list({ action: 'login' })).length, before);
});

const OWNERS: readonly string[] = [
  ...['login/again', 'password', 'email', 'second-factor', 'sessions/end'],
  ...['passkeys/options', 'passkeys', 'passkeys/remove'],
];

test('what only its owner may change asks for a proof, not for a cookie', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open' });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const origin = `http://127.0.0.1:${gate.address.port}`;
  const json = { 'content-type': 'application/json', origin, 'x-requested-with': 'sallyport', cookie: owner.cookies() };
  for (const path of OWNERS) {
    const answer = await fetch(`${origin}/_sallyport/${path}`, { method: 'POST', headers: json, body: '{}' });
    assert.equal(answer.status, 403, path);
    const body = Buffer.from('{}');
    const signed = owner.sign({ method: 'POST', under: `/${path}`, contentType: 'application/json', body });
    assert.notEqual((await owner.sender.send(signed)).status, 403, `${path} by the owner’s own page`);
  }
  const about = await fetch(`${origin}/_sallyport/account/about`, { headers: json });
  assert.equal(about.status, 403);
});

test('R23 R28 another site’s page changes nothing on an account, signed or not', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open' });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const origin = `http://127.0.0.1:${gate.address.port}`;
  for (const path of OWNERS) {
    for (const [what, headers] of [
      ['a form', { origin: 'https://evil.example', 'content-type': 'text/plain' }],
      ['a script', { origin: 'https://evil.example', 'content-type': 'application/json', 'x-requested-with': 'x' }],
    ] as const) {
      const made = { method: 'POST', headers: { ...headers, cookie: owner.cookies() }, body: '{"others":true}' };
      assert.equal((await fetch(`${origin}/_sallyport/${path}`, made)).status, 403, `${path} by ${what}`);
    }
  }
});

test('R1 the account page holds nothing personal, no script inline, and no way out', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open', secondFactor: false });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const page = await fetch(`http://127.0.0.1:${gate.address.port}/_sallyport/account`, {
    headers: { 'accept-language': 'de', cookie: owner.cookies() },
  });
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, /<html lang="de">.*<h1>Dein Konto<\/h1>/s);
  assert.doesNotMatch(text, /anna|<script>|<script (?![^>]*src=)|\son[a-z]+=|style=/);
  assert.match(text, /id="passkeys-title"/);
  assert.doesNotMatch(text, /id="factor-title"|id="email-title"/, 'what the configuration does not allow');
  const policy = page.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    assert.ok(policy.includes(part), part);
  }
  assert.equal(page.headers.get('cache-control'), 'no-store');
});

test('records that are locked: reads go on, a login answers 503, and nothing is half-written', async (t) => {
  const { client, file, records } = await openPlace(t, { signUp: 'open' });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const person = await client();
  const rows = (await records.audit.list()).length;
  const other = new DatabaseSync(file);
  other.exec('begin immediate');
  const locked = await person.ask('/login', { name: 'anna', password: PASSWORD });
  assert.equal(locked.status, 503);
  assert.equal(codeOf(locked), 'unsure');
  assert.ok(!locked.fields.some((field) => field.startsWith('__Host-sallyport-login')));
  assert.equal((await person.ask('/login', { name: 'anna', password: 'not this one' })).status, 401, 'a read');
  assert.equal((await person.ask('/signup', { name: 'bert', password: PASSWORD })).status, 503);
  other.exec('rollback');
  other.close();
  assert.equal((await records.audit.list()).length, rows);
  const answer = await person.ask('/login', { name: 'anna', password: PASSWORD });
  assert.equal(answer.status, 200, 'afterwards');
  assert.equal((await person.ask('/signup', { name: 'bert', password: PASSWORD })).status, 200);
});

test('R1 the login page is for people alone: its own policy, no script inline, no way out', async (t) => {
  const { gate } = await openPlace(t, {});
  const origin = `http://127.0.0.1:${gate.address.port}`;
  const page = await fetch(`${origin}/_sallyport/login?return=/after`, {
    headers: { 'accept-language': 'fr-CH, de;q=0.5' },
  });
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, /<html lang="fr">/);
  assert.match(text, /data-return="\/after"/);
  assert.doesNotMatch(text, /<script>|<script (?![^>]*src=)|\son[a-z]+=|style=/);
  const policy = page.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    assert.ok(policy.includes(part), part);
  }
  assert.ok(!policy.includes('unsafe'));
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
});

for (const evil of ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)', '/a\tb']) {
  test(`R55 the login page leads nowhere else: ${JSON.stringify(evil)}`, async (t) => {
    const { gate } = await openPlace(t, {});
    const address = `http://127.0.0.1:${gate.address.port}/_sallyport/login?return=${encodeURIComponent(evil)}`;
    const page = await fetch(address, { redirect: 'manual' });
    assert.equal(page.status, 400);
    assert.ok(!(await page.text()).includes('evil'));
  });
}

test('R71 a login that was refused is recorded as refused, under the id that the person sees', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open' });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const made: Decision[] = [];
  gate.guard.onDecision((decision) => void made.push(decision));
  const answers = [
    await owner.ask('/login', { name: 'anna', password: `${PASSWORD}!` }),
    await owner.ask('/login', { name: 'nobody', password: PASSWORD }),
    await owner.ask('/login/second-factor', { code: '000000' }),
    await owner.ask('/verify', { token: 'x' }),
  ];
  for (const answer of answers) {
    const { id, code } = membersOf(answer);
    const decision = made.find((one) => one.id === id);
    assert.deepEqual([decision?.outcome, decision?.code], ['refuse', code], String(code));
    assert.ok(!JSON.stringify(decision?.trail).includes(PASSWORD));
  }
  const good = await owner.ask('/login', { name: 'anna', password: PASSWORD });
  assert.equal(good.status, 200);
  assert.equal(made.at(-1)?.outcome, 'admit');
});

test('R40 a signed body that was changed on its way is refused, whichever way it comes', async (t) => {
  const { client } = await openPlace(t, { signUp: 'open' });
  const page = await client();
  const changed = Buffer.from('{"current":"a","next":"somebody else’s wish"}');
  const signed = () =>
    page.sign({
      method: 'POST',
      under: '/password',
      contentType: 'application/json',
      body: Buffer.from('{"current":"a","next":"b"}'),
    });
  const inPieces = (body: Uint8Array | null): RawRequest => {
    const request = signed();
    const fields = request.fields.filter((_, at, all) => !/^content-length$/i.test(all[at - (at % 2)] ?? ''));
    return { ...request, body: body ?? request.body, fields: [...fields, 'Transfer-Encoding', 'chunked'] };
  };
  assert.equal(codeOf(await page.sender.send(inPieces(changed))), 'digest');
  assert.equal(codeOf(await page.sender.send(inPieces(null))), 'login-required', 'as it was signed');
  assert.equal(codeOf(await page.sender.send(signed())), 'login-required');
});

test('R34 what names another method in a preflight’s field does what neither method does', async (t) => {
  const { client, gate } = await openPlace(t, { signUp: 'open' });
  const owner = await client();
  await owner.ask('/signup', { name: 'anna', password: PASSWORD });
  const made: Decision[] = [];
  gate.guard.onDecision((decision) => void made.push(decision));
  const body = Buffer.from(JSON.stringify({ name: 'anna', password: PASSWORD }));
  for (const method of ['OPTIONS', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'GET']) {
    const fields = [...owner.headers(), 'Content-Type', 'application/json', 'Cookie', owner.cookies()];
    fields.push('X-Requested-With', 'sallyport', 'Access-Control-Request-Method', 'POST');
    fields.push('Content-Length', String(body.length));
    for (const path of ['/login', '/logout']) {
      const answer = await owner.sender.send({ method, target: `/_sallyport${path}`, fields, body });
      assert.ok(!answer.fields.some((field) => /^__Host-/.test(field)), `${method} ${path}`);
    }
  }
  assert.equal((await owner.ask('/login', { name: 'anna', password: PASSWORD })).status, 200);
});
