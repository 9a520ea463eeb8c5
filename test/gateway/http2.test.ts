import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { sendRaw } from '../support/raw.ts';
import { startBackend, startTestGate } from './support.ts';

/**
 * R3 asks what HTTP/2 requests with connection-specific fields or line breaks in values get. The gate speaks
 * HTTP/1.1 alone: no request reaches it by HTTP/2, whichever way it is offered.
 */
describe('R3 no request comes in by HTTP/2', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-h2-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-subj', '/CN=localhost', '-days', '2'], {
      cwd: folder,
      stdio: 'pipe',
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  test('R3 TLS does not agree on h2, even where the client prefers it', async (context) => {
    const backend = await startBackend(context, (_request, response) => response.end('ok'));
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const gate = await startTestGate(context, { to: backend.url, tls });
    const ca = readFileSync(tls.cert);
    const agreed = await new Promise<string | false | null>((resolve, reject) => {
      const socket = connect({
        port: gate.address.port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      socket.on('error', reject).on('secureConnect', () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
    });
    assert.equal(agreed, 'http/1.1');
  });

  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0';
  const UPGRADE =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n';

  test('R3 the preface of prior knowledge is refused and nothing is forwarded', async (context) => {
    let forwarded = 0;
    const backend = await startBackend(context, (_request, response) => {
      forwarded++;
      response.end('ok');
    });
    const gate = await startTestGate(context, { to: backend.url });
    assert.equal((await sendRaw(gate.address.port, PREFACE)).status, 400);
    assert.equal(forwarded, 0);
  });

  test('R3 an offer to upgrade is neither taken nor passed on', async (context) => {
    let seen: string[] = [];
    const backend = await startBackend(context, (request, response) => {
      seen = request.rawHeaders.map((text) => text.toLowerCase());
      response.end('ok');
    });
    const gate = await startTestGate(context, { to: backend.url });
    const { status } = await sendRaw(gate.address.port, UPGRADE);
    assert.equal(status, 200);
    assert.equal(seen.includes('upgrade') || seen.includes('http2-settings'), false);
  });
});
