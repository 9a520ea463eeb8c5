import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { request } from 'undici';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { at } from '../cli/support.ts';
import { CLIENT, startProvider } from '../identity/oidc/provider.ts';
import { startPebble } from '../support/pebble.ts';
import { codeOf, type Fleet, startApi, startFleetOf, until } from './fleet-support.ts';

/** What takes more than one request, each of which may come to another worker. */

const MINE = { method: 'GET' };
const PASSWORD = 'correct horse battery';
/** So many connections at once come to every worker, all but surely. */
const AT_ONCE = 16;

/** A page's client that takes a fresh connection for everything. */
function wanderer({ url, send }: Fleet): WireClient {
  return createWireClient(parseTarget(`${url}/api/mine`), '/', { send, close: () => {} });
}

/** What all workers say to a client's calls; one word where they agree. */
async function saidToAll(fleet: Fleet, client: WireClient): Promise<string> {
  const answers = Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(client.sign(MINE))));
  return [...new Set(await Promise.all(answers))].join();
}

async function opened(client: WireClient): Promise<void> {
  const { opened: isOpen, why } = await client.open();
  assert.ok(isOpen, why);
}

const ACCOUNTS = `export default {
  records: 'sqlite:./records.sqlite',
  login: { accounts: { signUp: 'open' } },
  routes: [{ match: 'GET /api/mine', user: true }],
};`;

test('R25 an account made at one worker logs in at any, is known at all, and logs out at all', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { config: ACCOUNTS });
  for (let person = 1; person <= 4; person++) {
    const credentials = { name: `ada${person}`, password: PASSWORD };
    const first = wanderer(fleet);
    await opened(first);
    assert.equal(await saidToAll(fleet, first), 'login-required');
    assert.equal((await first.ask('/signup', credentials)).status, 200);
    await opened(first);
    assert.equal(await saidToAll(fleet, first), 'admit');

    const other = wanderer(fleet);
    await opened(other);
    assert.equal((await other.ask('/login', { ...credentials, password: 'wrong horse battery' })).status, 401);
    assert.equal((await other.ask('/login', credentials)).status, 200);
    await opened(other);
    assert.equal(await saidToAll(fleet, other), 'admit');

    assert.equal((await other.call({ method: 'POST', under: '/logout', body: Buffer.from('{}') })).status, 200);
    await until(async () => (await saidToAll(fleet, other)) !== 'admit', 'whoever has logged out is out at all');
    assert.equal(await saidToAll(fleet, first), 'admit', 'and nobody else is');
  }
});

test('R22 a login by way of a provider may begin at one worker and end at another', async (t) => {
  const api = await startApi(t);
  let url = '';
  const provider = await startProvider({ gate: () => url, name: 'one' });
  t.after(() => provider.close());
  const one = { issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret };
  const fleet = await startFleetOf(t, api.url, {
    config: `export default {
      records: 'sqlite:./records.sqlite',
      login: { providers: { one: ${JSON.stringify(one)} } },
      routes: [{ match: 'GET /api/mine', user: true }],
    };`,
  });
  url = fleet.url;
  for (let round = 0; round < 6; round++) {
    const cookies = await travel(`${url}/_sallyport/login/one?return=/`, url);
    assert.match(cookies, /__Host-sallyport-login=/);
    const client = wanderer(fleet);
    client.takeCookies({ ...client, cookies: () => cookies });
    await opened(client);
    assert.equal(await saidToAll(fleet, client), 'admit');
  }
});

/** Follows redirects as a browser does, each on a connection of its own; answers its cookies for `home`. */
async function travel(from: string, home: string): Promise<string> {
  const jars = new Map<string, Map<string, string>>();
  let url = new URL(from);
  for (let hop = 0; hop < 12; hop++) {
    const jar = jars.get(url.origin) ?? new Map<string, string>();
    jars.set(url.origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const { headers, body } = await request(url, { reset: true, headers: { cookie } });
    await body.dump();
    for (const line of [headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    if (headers.location === undefined) break;
    url = new URL(String(headers.location), url);
  }
  return [...(jars.get(home) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
}

test('R1 all workers answer what the authority asks, and all serve the certificate, and the one after it', async (t) => {
  const pebble = await startPebble(t, { validity: 6 });
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-acme-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const api = await startApi(t);
  const acme = {
    domains: ['app.example'],
    termsOfServiceAgreed: true,
    directory: pebble.directory,
    directoryCa: pebble.ca,
    challenge: 'tls-alpn-01',
  };
  const config = { public: 'https://app.example', tls: { dir, acme } };
  await startFleetOf(t, api.url, {
    config: `export default ${JSON.stringify(config)};`,
    flags: { listen: `127.0.0.1:${pebble.tlsPort}` },
  });
  // One certificate, at every worker; '' where some have none yet or another.
  const served = async (): Promise<string> => {
    const shown = await Promise.all(Array.from({ length: AT_ONCE }, () => fingerprintAt(pebble.tlsPort)));
    return new Set(shown).size === 1 ? (shown[0] ?? '') : '';
  };
  const seen = new Set<string>();
  // By tls-alpn-01 the authority comes to whichever worker the system chooses, several times for each certificate.
  await until(async () => {
    const fingerprint = await served();
    if (fingerprint !== '') seen.add(fingerprint);
    return seen.size === 3;
  }, 'the first, and two that were renewed');
});

/** '' where the handshake fails. */
function fingerprintAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'app.example', rejectUnauthorized: false });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', () => resolve(''));
  });
}

for (const shares of [true, false])
  test(`SIGUSR2 replaces a gate of several workers ${shares ? 'that listen themselves' : 'behind one socket'}: port and mode stay, pages enter once more, nothing captured passes`, async (t) => {
    const api = await startApi(t);
    const fleet = await startFleetOf(t, api.url, { shares, flags: { protect: ['/api/**'] } });
    const client = wanderer(fleet);
    await opened(client);
    const captured = client.sign(MINE);
    assert.equal(codeOf(await fleet.send(captured)), 'admit');
    assert.equal((await fleet.admin('POST', '/mode', { mode: 'report' })).status, 200);
    assert.equal((await fleet.admin('POST', '/mode', { mode: 'enforce' })).status, 200);
    const next = await replaced(t, fleet);
    assert.notEqual(next, fleet.child.pid);

    const { body: status } = await fleet.admin('GET', '/status');
    assert.deepEqual([at(status, 'mode'), at(status, 'workers', 'answering')], ['enforce', 2]);
    assert.equal(new URL(String(at(status, 'url'))).port, String(fleet.port));
    const before = api.calls;
    assert.doesNotMatch(await saidAgain(fleet, captured), /admit/);
    assert.equal(api.calls, before);
    await opened(client);
    assert.equal(await saidToAll(fleet, client), 'admit');
  });

const saidAgain = async (fleet: Fleet, captured: ReturnType<WireClient['sign']>): Promise<string> =>
  (await Promise.all(Array.from({ length: AT_ONCE }, async () => codeOf(await fleet.send(captured))))).join();

/** Has the gate replace itself; answers the new process, which ends with the test. */
async function replaced(t: TestContext, { child, lines, ended }: Fleet): Promise<number> {
  const said = (pattern: RegExp): string | undefined =>
    lines()
      .map(({ msg }) => pattern.exec(String(msg))?.[1])
      .find((found) => found !== undefined);
  let next = 0;
  // The new process writes where the old one did.
  const closed = once(child, 'close');
  t.after(async () => {
    if (next === 0) return;
    process.kill(next, 'SIGTERM');
    await closed;
  });
  child.kill('SIGUSR2');
  // The gate itself gives up first, and says why.
  await until(
    () => {
      assert.equal(said(/^upgrade: (.*)/), undefined);
      next = Number(said(/^process (\d+) has taken over/) ?? 0);
      return next !== 0;
    },
    'a new process',
    120_000,
  );
  await ended;
  assert.equal(child.exitCode, 0);
  return next;
}
