import assert from 'node:assert/strict';
import { generateKeyPairSync, type X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { nameFor } from '../../src/gateway/certificates/folder.ts';
import { nameOf } from '../../src/gateway/certificates/kept.ts';
import type { CertificateEvent } from '../../src/gateway/certificates/event.ts';
import type { Gate } from '../../src/gateway/gate.ts';
import type { AcmeConfig } from '../../src/guard/config-tls.ts';
import { startPebble } from '../support/pebble.ts';
import { startBackend, startTestGate, until } from './support.ts';

const NAMES = ['app.example', 'www.app.example'];

interface Started {
  readonly gate: Gate;
  readonly events: CertificateEvent[];
  readonly dir: string;
}

async function start(
  context: TestContext,
  acme: Partial<AcmeConfig>,
  listen = '127.0.0.1:0',
  dir = folder(context),
): Promise<Started> {
  const events: CertificateEvent[] = [];
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const tls = { dir, acme: { domains: NAMES, termsOfServiceAgreed: true as const, ...acme } };
  const config = { to: backend.url, listen, public: 'https://app.example', tls };
  const gate = await startTestGate(context, config, { parts: { onCertificate: (event) => void events.push(event) } });
  return { gate, events, dir };
}

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-acme-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** The certificate that the gate shows under this name; null where the handshake fails. */
function shown(gate: Gate, servername = 'app.example', ca?: string): Promise<X509Certificate | null> {
  return new Promise((resolve) => {
    const checked = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const socket = connect({ port: gate.address.port, host: '127.0.0.1', servername, ...checked });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate() ?? null);
      socket.destroy();
    });
    socket.on('error', () => resolve(null));
  });
}

interface Plain {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

function plain(port: number, path: string, headers: Record<string, string>, method = 'GET'): Promise<Plain> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }),
      );
    });
    sent.on('error', reject).end();
  });
}

test('R1 a certificate is got by http-01, served without a restart, and kept for this user alone', async (context) => {
  const pebble = await startPebble(context);
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const { gate, events, dir } = await start(context, acme);
  assert.equal(await shown(gate), null, 'no certificate is made up for a public name');
  await until(() => events.length > 0);
  assert.deepEqual(
    events.map(({ outcome, reason, names }) => ({ outcome, reason, names })),
    [{ outcome: 'served', reason: '', names: NAMES }],
  );
  const certificate = await shown(gate, 'app.example', await pebble.root());
  assert.ok(certificate !== null);
  assert.equal(certificate.subjectAltName, NAMES.map((name) => `DNS:${name}`).join(', '));
  assert.equal(certificate.fingerprint256, events[0]?.fingerprint);
  for (const file of readdirSync(dir)) assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file);
  assert.ok(readdirSync(dir).length === 2, 'the account’s key, and the certificate with its own');

  await gate.close({ graceMs: 0 });
  const again = await start(context, acme, '127.0.0.1:0', dir);
  assert.equal((await shown(again.gate))?.fingerprint256, certificate.fingerprint256, 'a restart asks for nothing');
  assert.deepEqual(
    again.events.map(({ outcome }) => outcome),
    ['served'],
  );
});

test('R1 plain HTTP redirects pages to names of ours and refuses calls', async (context) => {
  const pebble = await startPebble(context);
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const { events } = await start(context, acme);
  await until(() => events.length > 0);
  const port = pebble.httpPort;
  const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
  const at = (host: string) => ({ ...page, host });
  assert.deepEqual(await plain(port, '/a?b=1', at('app.example')), {
    status: 301,
    location: 'https://app.example/a?b=1',
    text: '',
  });
  assert.equal((await plain(port, '/', at(`www.app.example:${port}`))).location, 'https://www.app.example/');
  assert.equal((await plain(port, '/', { host: 'app.example', accept: 'text/html' })).status, 301);
  const refused: [string, Record<string, string>, string][] = [
    ['/a', at('evil.example'), 'GET'],
    ['//evil.example/a', at('app.example'), 'GET'],
    ['/api/posts', at('app.example'), 'GET'],
    ['/a', { host: 'app.example', accept: '*/*' }, 'GET'],
    ['/a', { host: 'app.example', 'sec-fetch-mode': 'cors', accept: 'text/html' }, 'GET'],
    ['/a', at('app.example'), 'POST'],
    ['http://evil.example/', at('app.example'), 'GET'],
  ];
  for (const [path, headers, method] of refused) {
    const got = await plain(port, path, headers, method);
    assert.deepEqual([got.status, got.location], [403, undefined], `${method} ${path}`);
  }
  assert.equal((await plain(port, '/.well-known/acme-challenge/none', at('app.example'))).status, 404);
});

test('R1 a certificate is got by tls-alpn-01 while people go on arriving', async (context) => {
  const pebble = await startPebble(context, { refusedNonces: 30 });
  const acme = {
    directory: pebble.directory,
    directoryCa: pebble.ca,
    challenge: 'tls-alpn-01' as const,
    email: 'ops@app.example',
  };
  const { gate, events } = await start(context, acme, `127.0.0.1:${pebble.tlsPort}`);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'served', events[0]?.reason);
  const certificate = await shown(gate, 'www.app.example', await pebble.root());
  assert.equal(certificate?.fingerprint256, events[0]?.fingerprint);
});

test('R1 a certificate is renewed before it ends, on the same connections’ server', async (context) => {
  const pebble = await startPebble(context, { validity: 6 });
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const { gate, events } = await start(context, acme);
  await until(() => events.length > 1);
  const [first, second] = events;
  assert.deepEqual([first?.outcome, second?.outcome], ['served', 'served'], second?.reason);
  assert.notEqual(first?.fingerprint, second?.fingerprint);
  assert.equal((await shown(gate))?.fingerprint256, events.at(-1)?.fingerprint);
});

test('R1 an authority that fails or is gone leaves the old certificate in use, and is not asked again at once', async (context) => {
  const pebble = await startPebble(context, { validity: 3 });
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const { gate, events, dir } = await start(context, acme);
  await until(() => events.length > 0);
  const first = events[0];
  await pebble.stop();
  await until(() => events.at(-1)?.outcome === 'failed');
  const failed = events.at(-1);
  assert.ok(failed !== undefined && failed.reason !== '');
  assert.ok(failed.again >= Date.now() + 4 * 60_000);
  assert.equal((await shown(gate))?.fingerprint256, failed.fingerprint);
  assert.ok(first !== undefined);

  // Nor by a process that starts anew.
  await gate.close({ graceMs: 0 });
  const [kept] = readdirSync(dir).filter((name) => name.endsWith('.failures'));
  const before = readFileSync(join(dir, kept ?? ''), 'utf8');
  const again = await start(context, acme, '127.0.0.1:0', dir);
  assert.equal((await shown(again.gate))?.fingerprint256, failed.fingerprint);
  assert.deepEqual(
    again.events.map(({ outcome }) => outcome),
    ['served'],
  );
  assert.equal(readFileSync(join(dir, kept ?? ''), 'utf8'), before);
});

test('R1 a port that somebody holds is waited for; the authority is not asked before', async (context) => {
  const pebble = await startPebble(context);
  const holder = createServer().listen(pebble.httpPort, '127.0.0.1');
  context.after(() => void holder.close());
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const { gate, events, dir } = await start(context, acme);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'failed');
  assert.match(events[0]?.reason ?? '', /tls\.acme\.http is 127\.0\.0\.1:\d+; nothing can listen there/);
  assert.deepEqual(readdirSync(dir), [], 'no account was made');
  holder.close();
  await until(() => events.length > 1);
  assert.equal(events[1]?.outcome, 'served', events[1]?.reason);
  assert.equal((await shown(gate))?.fingerprint256, events[1]?.fingerprint);
});

test('R1 a name that does not lead here gets no certificate, and the reason is told', async (context) => {
  const pebble = await startPebble(context);
  // Somewhere else than the authority asks.
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: '127.0.0.1:0' };
  const { gate, events } = await start(context, acme);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'failed');
  assert.match(events[0]?.reason ?? '', /challenge|connection|refused|valid/i);
  assert.equal(await shown(gate), null);
});

test('R1 a folder that takes no file does not have the authority asked again and again', async (context) => {
  const dir = folder(context);
  const acme = { directory: 'https://127.0.0.1:9/directory', http: '127.0.0.1:0' };
  const name = nameOf({ domains: NAMES, termsOfServiceAgreed: true, ...acme });
  mkdirSync(join(dir, `${name}.failures`));
  const { events } = await start(context, acme, '127.0.0.1:0', dir);
  await until(() => events.length > 0);
  // Each attempt at a closed port takes some milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(events.length, 1);
  assert.ok((events[0]?.again ?? 0) >= Date.now() + 4 * 60_000);
});

test('R1 a failure of a time when the clock was years ahead is not waited for', async (context) => {
  const dir = folder(context);
  const pebble = await startPebble(context);
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  const name = nameOf({ domains: NAMES, termsOfServiceAgreed: true, ...acme });
  writeFileSync(join(dir, `${name}.failures`), JSON.stringify({ count: 3, until: Date.UTC(2099, 0) }));
  const { gate, events } = await start(context, acme, '127.0.0.1:0', dir);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'served', events[0]?.reason);
  assert.notEqual(await shown(gate), null);
});

test('R1 an account key that a crash left empty, and a part file of a process of the same number, stop no renewal', async (context) => {
  const dir = folder(context);
  const pebble = await startPebble(context);
  const acme = { directory: pebble.directory, directoryCa: pebble.ca, http: `127.0.0.1:${pebble.httpPort}` };
  writeFileSync(join(dir, `${nameFor('acme', ['account'], pebble.directory)}.key`), '', { mode: 0o600 });
  const name = nameOf({ domains: NAMES, termsOfServiceAgreed: true, ...acme });
  writeFileSync(join(dir, `${name}.pem.${process.pid}.part`), 'half', { mode: 0o600 });
  const { events } = await start(context, acme, '127.0.0.1:0', dir);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'served', events[0]?.reason);
});

test('R1 an account’s key in a folder that is open to others is not used: it may be theirs', async (context) => {
  const dir = folder(context);
  let asked = 0;
  const authority = createServer().on('connection', (socket) => {
    asked++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => authority.listen(0, '127.0.0.1', resolve));
  context.after(() => void authority.close());
  const directory = `https://127.0.0.1:${(authority.address() as AddressInfo).port}/dir`; // bound to TCP above
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const theirs = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(dir, `${nameFor('acme', ['account'], directory)}.key`), theirs);
  chmodSync(dir, 0o777);
  const { events } = await start(context, { directory, http: '127.0.0.1:0' }, '127.0.0.1:0', dir);
  await until(() => events.length > 0);
  assert.equal(events[0]?.outcome, 'failed');
  assert.match(events[0]?.reason ?? '', /open to other users/);
  assert.equal(asked, 0, 'nobody was asked in the name of that key');
});
