import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { startBackend, startTestGate } from './support.ts';

let folder = '';
const file = (name: string): string => join(folder, name);
const pem = (name: string): Buffer => readFileSync(file(name));

/** An authority, and certificates of it for a server, its successor and a client, made for this run alone. */
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority', '-days', '2');
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  for (const name of ['server', 'next', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-extfile',
      'names',
    );
  }
});
after(() => rmSync(folder, { recursive: true }));

interface Got {
  status: number;
  body: string;
  subject: string;
}

function get(url: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { ca: pem('ca.crt'), agent: false, servername: 'localhost' }, (response) => {
      const { socket } = response;
      const subject =
        'getPeerX509Certificate' in socket
          ? String((socket as { getPeerX509Certificate(): X509Certificate }).getPeerX509Certificate().subject)
          : '';
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, subject }));
    });
    request.on('error', reject).end();
  });
}

async function startTlsBackend(context: TestContext, options: object, listener: RequestListener): Promise<string> {
  const server = createServer({ cert: pem('server.crt'), key: pem('server.key'), ...options }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('R1 the gate ends TLS by given certificates, from 1.2 on, and tells the backend so', async (context) => {
  const backend = await startBackend(context, (request, response) =>
    response.end(String(request.headers['x-forwarded-proto'])),
  );
  const gate = await startTestGate(context, {
    to: backend.url,
    tls: { cert: file('server.crt'), key: file('server.key') },
  });
  assert.match(gate.url, /^https:/);
  const { status, body } = await get(gate.url);
  assert.equal(`${status} ${body}`, '200 https');
  const handshake = (options: ConnectionOptions): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ port: gate.address.port, host: '127.0.0.1', ca: pem('ca.crt'), ...options });
      socket.on('secureConnect', () => {
        resolve(socket.getProtocol() ?? '');
        socket.destroy();
      });
      socket.on('error', () => resolve('refused'));
    });
  assert.equal(await handshake({}), 'TLSv1.3');
  assert.equal(await handshake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  assert.equal(
    await handshake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    'refused',
  );
});

test('R9 a gate that ends TLS and has no public name asserts by the https origin that it listens on', async (context) => {
  const backend = await startBackend(context, (request, response) =>
    response.end(String(request.headers['sallyport-assertion'])),
  );
  for (const [tls, scheme] of [
    [{ cert: file('server.crt'), key: file('server.key') }, 'https'],
    [undefined, 'http'],
  ] as const) {
    const config: Config = { to: backend.url, listen: '127.0.0.1:0', mode: 'enforce', ...(tls && { tls }) };
    const gate = await startGate(config);
    context.after(() => gate.close({ graceMs: 0 }));
    const token = tls === undefined ? await (await fetch(gate.url)).text() : (await get(gate.url)).body;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.iss, `${scheme}://127.0.0.1:${gate.address.port}`);
  }
});

test('a reload takes up renewed certificates without closing a connection', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  writeFileSync(file('live.crt'), pem('server.crt'));
  writeFileSync(file('live.key'), pem('server.key'));
  const gate = await startTestGate(context, {
    to: backend.url,
    tls: { cert: file('live.crt'), key: file('live.key') },
  });
  assert.equal((await get(gate.url)).subject, 'CN=server');
  writeFileSync(file('live.crt'), pem('next.crt'));
  writeFileSync(file('live.key'), pem('next.key'));
  gate.reload(gate.config);
  assert.equal((await get(gate.url)).subject, 'CN=next');
  writeFileSync(file('live.crt'), 'not a certificate');
  assert.throws(() => gate.reload(gate.config), /tls\.cert and tls\.key/);
  assert.equal((await get(gate.url)).subject, 'CN=next');
});

test('R9 TLS to the backend: only a chain that ends at the configured authority is taken', async (context) => {
  const to = await startTlsBackend(context, {}, (_request, response) => response.end('inner'));
  const trusting = await startTestGate(context, { to, upstream: { ca: file('ca.crt') } });
  assert.equal(await (await fetch(trusting.url)).text(), 'inner');
  const doubting = await startTestGate(context, { to });
  assert.equal((await fetch(doubting.url)).status, 502);
});

test('R9 mutual TLS: the gate shows itself to the backend', async (context) => {
  const to = await startTlsBackend(context, { ca: pem('ca.crt'), requestCert: true }, (_request, response) =>
    response.end('inner'),
  );
  const ca = file('ca.crt');
  const shown = await startTestGate(context, {
    to,
    upstream: { ca, cert: file('client.crt'), key: file('client.key') },
  });
  assert.equal(await (await fetch(shown.url)).text(), 'inner');
  const hidden = await startTestGate(context, { to, upstream: { ca } });
  assert.equal((await fetch(hidden.url)).status, 502);
});

test('R9 a pinned public key: the backend’s own passes, another is refused before a byte is sent', async (context) => {
  let reached = 0;
  const to = await startTlsBackend(context, {}, (_request, response) => {
    reached += 1;
    response.end('inner');
  });
  const pinOf = (name: string): string =>
    createHash('sha256')
      .update(new X509Certificate(pem(name)).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
  const right = await startTestGate(context, { to, upstream: { pin: pinOf('server.crt') } });
  assert.equal(await (await fetch(right.url)).text(), 'inner');
  const wrong = await startTestGate(context, { to, upstream: { pin: pinOf('next.crt'), ca: file('ca.crt') } });
  assert.equal((await fetch(wrong.url)).status, 502);
  assert.equal(reached, 1);
});

test('files that are no certificate are named before the gate listens', async (context) => {
  writeFileSync(file('broken.crt'), 'nothing');
  const tls = { cert: file('broken.crt'), key: file('server.key') };
  await assert.rejects(startTestGate(context, { to: 'http://127.0.0.1:1', tls }), /tls\.cert and tls\.key: .*PEM/);
  const missing = { cert: file('missing.crt'), key: file('server.key') };
  await assert.rejects(
    startTestGate(context, { to: 'http://127.0.0.1:1', tls: missing }),
    /tls\.cert: cannot read .*missing\.crt/,
  );
});
