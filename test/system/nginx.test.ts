import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../src/gateway/certificates/self-made.ts';
import { startGate } from '../../src/gateway/index.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';

/** The gate behind a real nginx that ends TLS, or puts another port in front, in the ways in which people write that. */

interface Front {
  readonly name: string;
  readonly tls: boolean;
  /** What it does to requests, besides handing them on. */
  readonly fields: readonly string[];
}

const FORWARDED = ['X-Forwarded-For $proxy_add_x_forwarded_for', 'X-Forwarded-Proto $scheme'];
const FRONTS: readonly Front[] = [
  { name: 'that ends TLS and hands Host on', tls: true, fields: ['Host $http_host', ...FORWARDED] },
  // What nginx does where nobody says anything of Host: the gate’s own address stands there.
  { name: 'that ends TLS and names Host beside it', tls: true, fields: ['X-Forwarded-Host $http_host', ...FORWARDED] },
  {
    name: 'that has another port and loses it from Host',
    tls: false,
    fields: ['Host $host', 'X-Forwarded-Host $http_host'],
  },
];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // bound to TCP above
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startBackend(t: TestContext): Promise<string> {
  const backend = createServer((request, response) => {
    const page = request.url === '/';
    response.writeHead(200, { 'content-type': page ? 'text/html' : 'application/json', 'cache-control': 'no-store' });
    response.end(page ? '<!doctype html><title>app</title>' : '[]');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    backend.closeAllConnections();
    backend.close();
  });
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  return `http://127.0.0.1:${port}`;
}

async function startNginx(t: TestContext, port: number, to: number, { tls, fields }: Front): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-nginx-'));
  const { cert, key } = makeCertificate(['127.0.0.1'], Date.now());
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 });
  const secure = tls ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : '';
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`);
  await writeFile(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/nginx.pid;
events { worker_connections 64; }
http { access_log off; ${paths.join(' ')}
  server { listen 127.0.0.1:${port}${tls ? ' ssl' : ''}; ${secure}
    location / { proxy_pass http://127.0.0.1:${to}; ${fields.map((field) => `proxy_set_header ${field};`).join(' ')} } } }`,
  );
  const child = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  t.after(async () => {
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  });
}

for (const front of FRONTS) {
  test(`P5.2 behind an nginx ${front.name} a page enters and calls, and another site’s page does not`, async (t) => {
    const port = await freePort();
    const origin = `http${front.tls ? 's' : ''}://127.0.0.1:${port}`;
    const gate = await startGate({
      to: await startBackend(t),
      listen: '127.0.0.1:0',
      mode: 'enforce',
      public: origin,
      trustedProxies: ['127.0.0.1/32'],
    });
    t.after(() => gate.close({ graceMs: 0 }));
    const decisions: Decision[] = [];
    gate.guard.onDecision((decision) => void decisions.push(decision));
    await startNginx(t, port, gate.address.port, front);
    const target = parseTarget(`${origin}/api/posts`);
    const sender = createSender(target);
    t.after(() => sender.close());
    const client = createWireClient(target, '/', sender);
    // Until nginx listens nobody answers.
    while (
      (await sender.send({ method: 'GET', target: '/', fields: ['Host', `127.0.0.1:${port}`], body: null })).status ===
      0
    );
    const { opened, why } = await client.open();
    assert.ok(opened, why);
    assert.equal((await client.call({ method: 'GET' })).status, 200);
    assert.equal(
      (await client.call({ method: 'POST', body: Buffer.from('{}'), contentType: 'application/json' })).status,
      200,
    );
    assert.deepEqual([decisions.at(-1)?.secure, decisions.at(-1)?.authority], [front.tls, `127.0.0.1:${port}`]);
    const call = client.sign({ method: 'POST', body: Buffer.from('{}'), contentType: 'application/json' });
    const fields = call.fields.map((text, at) =>
      call.fields[at - 1]?.toLowerCase() === 'origin' ? 'https://evil.example' : text,
    );
    assert.equal((await sender.send({ ...call, fields })).status, 403);
    assert.equal(decisions.at(-1)?.code, 'origin');
  });
}
