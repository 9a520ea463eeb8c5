import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type KeyPair, makeCertificate } from '../../src/gateway/certificates/self-made.ts';
import { keyedGate, order, until } from './support.ts';

test('R69 a key that goes with a client certificate opens nothing without it, nor with another one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-partner-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const server = makeCertificate(['localhost'], Date.now());
  const made = (): KeyPair => makeCertificate(['partner.example'], Date.now(), 'client');
  const [partner, other] = [made(), made()];
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const tls = {
    cert: write('server.pem', server.cert),
    key: write('server.key', server.key),
    clientCa: write('partners.pem', partner.cert + other.cert),
  };
  const { gate, desk } = await keyedGate(t, { tls });
  const thumbprint = createHash('sha256').update(new X509Certificate(partner.cert).raw).digest('base64url');
  const bound = await desk.issue(order({ thumbprint }));
  const free = await desk.issue(order());
  const call = (key: string, pair: KeyPair | null): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}` };
      const url = `https://localhost:${gate.address.port}/api/posts`;
      httpsRequest(url, { ca: server.cert, agent: false, headers, ...pair }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
  await until(async () => (await call(bound.secret, partner)) === 200);
  assert.equal(await call(bound.secret, null), 401);
  assert.equal(await call(bound.secret, other), 401);
  assert.equal(await call(free.secret, null), 200, 'other keys need none');
  await assert.rejects(desk.issue(order({ thumbprint: 'AA' })), /SHA-256 of a certificate/);
});
