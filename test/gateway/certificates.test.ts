import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { CertificateEvent } from '../../src/gateway/certificates/event.ts';
import { certificateFolder } from '../../src/gateway/certificates/folder.ts';
import { localCertificate } from '../../src/gateway/certificates/local.ts';
import { afterFailure, laterOf, NO_FAILURES, renewalOf } from '../../src/gateway/certificates/schedule.ts';
import { type KeyPair, makeCertificate } from '../../src/gateway/certificates/self-made.ts';
import type { Gate } from '../../src/gateway/gate.ts';
import type { UpstreamConfig } from '../../src/guard/config.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { startBackend, startTestGate } from './support.ts';

const DAY = 86_400_000;

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-certificates-'));
  context.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

const fingerprint = ({ cert }: { cert: string }): string => new X509Certificate(cert).fingerprint256;

/** Writes both as files. */
function files(dir: string, name: string, pair: KeyPair): { cert: string; key: string } {
  const found = { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) };
  writeFileSync(found.cert, pair.cert);
  writeFileSync(found.key, pair.key);
  return found;
}

function shown(gate: Gate, servername: string, ca?: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const checked = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const socket = connect({ port: gate.address.port, host: '127.0.0.1', servername, ...checked });
    socket.on('error', reject).on('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(certificate);
    });
  });
}

test('R1 a self-made certificate names what it is for, signs itself and is no authority', () => {
  const now = Date.UTC(2030, 0, 15);
  const names = ['localhost', '127.0.0.1', '::1', 'fd00::a:1', 'app.example', '*.dev.example'];
  const pair = makeCertificate(names, now);
  const certificate = new X509Certificate(pair.cert);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(pair.key)), true);
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.equal(certificate.ca, false);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  for (const name of ['localhost', 'app.example', 'a.dev.example']) assert.ok(certificate.checkHost(name), name);
  for (const address of ['127.0.0.1', '::1', 'fd00::a:1']) assert.ok(certificate.checkIP(address), address);
  assert.equal(certificate.checkHost('other.example'), undefined);
  assert.ok(Date.parse(certificate.validFrom) < now);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY;
  assert.ok(days > 300 && days <= 398, `${days} days`);
  assert.notEqual(makeCertificate(names, now).key, pair.key);
  const far = new X509Certificate(makeCertificate(['localhost'], Date.UTC(2055, 5, 1)).cert);
  assert.match(far.validTo, /2056 GMT/);
});

test('R1 it is kept for this user alone, used again, and made anew before it ends or for other names', (context) => {
  const dir = join(folder(context), 'deeper');
  const config = { tls: { self: true, dir }, hosts: ['box.example:8443'], listen: '0.0.0.0:4000' };
  const now = Date.now();
  const first = localCertificate(config, now);
  assert.deepEqual([...first.names].sort(), ['127.0.0.1', '::1', 'box.example', 'localhost']);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.deepEqual(
    readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o777),
    [0o600],
  );
  assert.equal(fingerprint(localCertificate(config, now + 300 * DAY)), fingerprint(first));
  const renewed = localCertificate(config, now + 375 * DAY);
  assert.notEqual(fingerprint(renewed), fingerprint(first));
  assert.notEqual(fingerprint(localCertificate({ ...config, hosts: [] }, now)), fingerprint(renewed));
});

test('R1 a folder that others can read is not used: the certificate then ends with the process', (context) => {
  const dir = folder(context);
  chmodSync(dir, 0o755);
  const config = { tls: { self: true, dir } };
  const made = localCertificate(config);
  assert.equal(made.file, '');
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(fingerprint(localCertificate(config)), fingerprint(made), 'the same one while the process lives');
  assert.equal(certificateFolder(undefined, { XDG_STATE_HOME: '/state' }), '/state/sallyport');
  assert.match(certificateFolder(undefined, { XDG_STATE_HOME: 'relative' }), /\.local.state.sallyport$/);
});

test('R1 a gate with a self-made certificate tells its fingerprint, and keeps it when its mode changes', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const events: CertificateEvent[] = [];
  const gate = await startTestGate(
    context,
    { to: backend.url, tls: { self: true, dir: folder(context) } },
    { parts: { onCertificate: (event) => void events.push(event) } },
  );
  const certificate = await shown(gate, 'localhost');
  assert.deepEqual(
    events.map(({ source, fingerprint: told }) => [source, told]),
    [['self', certificate.fingerprint256]],
  );
  gate.setMode('report');
  gate.reload(gate.config);
  assert.equal((await shown(gate, 'localhost', certificate.toString())).fingerprint256, certificate.fingerprint256);
  assert.equal(events.length, 1);
});

test('R1 further certificates are chosen by name, and taken up anew by a reload', async (context) => {
  const dir = folder(context);
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const usual = makeCertificate(['app.example'], Date.now());
  const other = makeCertificate(['*.other.example'], Date.now());
  const tls = { ...files(dir, 'usual', usual), more: [files(dir, 'other', other)] };
  const gate = await startTestGate(context, { to: backend.url, tls });
  assert.equal((await shown(gate, 'a.other.example')).fingerprint256, fingerprint(other));
  assert.equal((await shown(gate, 'app.example')).fingerprint256, fingerprint(usual));
  assert.equal((await shown(gate, 'nobody.example')).fingerprint256, fingerprint(usual));
  const next = makeCertificate(['*.other.example'], Date.now());
  files(dir, 'other', next);
  gate.reload(gate.config);
  assert.equal((await shown(gate, 'a.other.example')).fingerprint256, fingerprint(next));
  writeFileSync(join(dir, 'other.pem'), 'nothing');
  assert.throws(() => gate.reload(gate.config), /tls\.more\[0\]/);
  assert.equal((await shown(gate, 'a.other.example')).fingerprint256, fingerprint(next));
});

test('R9 the view knows a client’s certificate by its SHA-256, by HTTP/1.1 and HTTP/2, and only a listed authority’s', async (context) => {
  const dir = folder(context);
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const server = makeCertificate(['localhost'], Date.now());
  const { client, expired, stranger } = clients();
  writeFileSync(join(dir, 'partners.pem'), client.cert + expired.cert);
  const seen: RequestView[] = [];
  const decide = (view: RequestView) => {
    seen.push(view);
    return {};
  };
  const tls = { ...files(dir, 'server', server), clientCa: join(dir, 'partners.pem') };
  const gate = await startTestGate(context, { to: backend.url, tls }, { says: { decide } });
  const url = `https://localhost:${gate.address.port}`;
  const byHttp1 = (pair: KeyPair | null): Promise<number> =>
    new Promise((resolve, reject) => {
      httpsRequest(url, { ca: server.cert, agent: false, ...pair }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
  const byHttp2 = (pair: KeyPair | null): Promise<number> =>
    new Promise((resolve, reject) => {
      const session = connectHttp2(url, { ca: server.cert, ...pair });
      session.on('error', reject);
      const stream = session.request({ ':path': '/' });
      stream.on('response', (head) => {
        stream.resume();
        session.close(() => resolve(Number(head[':status'])));
      });
    });
  const thumbprint = createHash('sha256').update(new X509Certificate(client.cert).raw).digest('base64url');
  for (const call of [byHttp1, byHttp2]) {
    for (const pair of [client, null, stranger, expired]) assert.equal(await call(pair), 200);
  }
  assert.deepEqual(
    seen.map(({ clientCertificate }) => clientCertificate),
    [thumbprint, '', '', '', thumbprint, '', '', ''],
  );
  assert.throws(() => gate.reload({ ...gate.config, tls: files(dir, 'server', server) }), /tls\.clientCa.*restart/);
});

/** Self-signed, so that each is its own authority. */
function clients(): { client: KeyPair; expired: KeyPair; stranger: KeyPair } {
  const now = Date.now();
  const made = (at: number): KeyPair => makeCertificate(['partner.example'], at, 'client');
  return { client: made(now), expired: made(now - 800 * DAY), stranger: made(now) };
}

test('R9 a backend with an expired certificate, another name or another key is not talked to; a pin stands for the chain', async (context) => {
  const dir = folder(context);
  const now = Date.now();
  let reached = 0;
  const start = async (pair: KeyPair): Promise<string> => {
    const server = createServer({ cert: pair.cert, key: pair.key }, (_request, response) => {
      reached += 1;
      // Each request on a connection of its own: resumed sessions must be checked as well.
      response.shouldKeepAlive = false;
      response.end('inner');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `https://localhost:${(server.address() as AddressInfo).port}`; // bound to TCP above
  };
  const pinOf = ({ cert }: KeyPair): string =>
    createHash('sha256')
      .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
  const good = makeCertificate(['localhost'], now);
  const expired = makeCertificate(['localhost'], now - 800 * DAY);
  const misnamed = makeCertificate(['other.example'], now);
  const ca = (name: string, pair: KeyPair): string => files(dir, name, pair).cert;
  const cases: [string, KeyPair, UpstreamConfig, number][] = [
    ['good', good, { ca: ca('good', good) }, 200],
    ['expired', expired, { ca: ca('expired', expired) }, 502],
    ['another name', misnamed, { ca: ca('misnamed', misnamed) }, 502],
    ['another authority', good, { ca: ca('other', misnamed) }, 502],
    ['the pinned key', good, { pin: pinOf(good) }, 200],
    ['the pinned key in an expired certificate', expired, { pin: pinOf(expired) }, 200],
    ['a pin and an authority, expired', expired, { pin: pinOf(expired), ca: ca('expired', expired) }, 502],
    ['another pin', good, { pin: pinOf(misnamed) }, 502],
  ];
  for (const [what, pair, upstream, status] of cases) {
    const before = reached;
    const gate = await startTestGate(context, { to: await start(pair), upstream });
    for (let time = 0; time < 3; time++) assert.equal((await fetch(gate.url)).status, status, what);
    assert.equal(reached - before, status === 200 ? 3 : 0, what);
  }
});

test('R9 a reload takes up a renewed certificate towards the backend from files of the same names', async (context) => {
  const dir = folder(context);
  const [server, one, two] = [1, 2, 3].map(() => makeCertificate(['localhost'], Date.now()));
  assert.ok(server !== undefined && one !== undefined && two !== undefined);
  const seen: string[] = [];
  const backend = createServer(
    { cert: server.cert, key: server.key, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket } = request;
      // Typed as any stream; TLS servers have TLS sockets.
      const of = 'getPeerX509Certificate' in socket ? (socket as TLSSocket) : null;
      seen.push(of?.getPeerX509Certificate()?.fingerprint256 ?? '');
      response.end('inner');
    },
  );
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    backend.closeAllConnections();
    backend.close();
  });
  const upstream = { ca: files(dir, 'server', server).cert, ...files(dir, 'gate', one) };
  const to = `https://localhost:${(backend.address() as AddressInfo).port}`; // bound to TCP above
  const gate = await startTestGate(context, { to, upstream });
  assert.equal((await fetch(gate.url)).status, 200);
  files(dir, 'gate', two);
  gate.reload(gate.config);
  assert.equal((await fetch(gate.url)).status, 200);
  assert.deepEqual(seen, [fingerprint(one), fingerprint(two)]);
});

test('R5 HSTS: a year on every answer for the public HTTPS name in enforce mode, as configured, and nowhere else', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const origin = 'https://app.example';
  const cases: [object, string, string | null][] = [
    [{ public: origin }, 'app.example', 'max-age=31536000'],
    [
      { public: origin, hsts: { maxAge: 63_072_000, includeSubDomains: true, preload: true } },
      'app.example',
      'max-age=63072000; includeSubDomains; preload',
    ],
    [{ public: origin, hsts: { includeSubDomains: true } }, 'app.example', 'max-age=31536000; includeSubDomains'],
    [{ public: origin, hsts: { maxAge: 0 } }, 'app.example', 'max-age=0'],
    [{ public: origin, hsts: false }, 'app.example', null],
    [{ public: origin, mode: 'report' }, 'app.example', null],
    [{ public: origin }, 'localhost', null],
    [{}, 'localhost', null],
  ];
  for (const [config, host, value] of cases) {
    const gate = await startTestGate(context, { to: backend.url, ...config });
    const got = await new Promise<string | null>((resolve, reject) => {
      get(`http://127.0.0.1:${gate.address.port}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.headers['strict-transport-security'] ?? null);
      }).on('error', reject);
    });
    assert.equal(got, value, JSON.stringify([config, host]));
  }
});

test('R1 renewal comes with a third of the life left and not for all gates at once; failures wait longer and longer', () => {
  const life = 90 * DAY;
  assert.equal(renewalOf(0, life, 0), 60 * DAY);
  assert.ok(renewalOf(0, life, 0.99) > 57 * DAY && renewalOf(0, life, 0.99) < 60 * DAY);
  let failures = NO_FAILURES;
  const waits: number[] = [];
  for (let time = 0; time < 12; time++) {
    failures = afterFailure(failures, 0, 0, 0);
    waits.push(failures.until / 60_000);
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 720, 720, 720, 720]);
  assert.equal(afterFailure(NO_FAILURES, 0, DAY, 0).until, DAY, 'as long as the authority asks');
  const early = { count: 1, until: DAY };
  assert.equal(laterOf(early, { count: 2, until: 2 * DAY }, 0).until, 2 * DAY);
  assert.equal(laterOf({ count: 2, until: 900 * DAY }, early, 0).until, DAY, 'written while the clock was ahead');
  assert.equal(laterOf({ count: 2, until: 900 * DAY }, NO_FAILURES, 0).until, 0);
});
