import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { backend, desk, until } from './support.ts';

function get(url: string, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

test('R1 --tls makes a certificate, tells its fingerprint and how to trust it, and keeps it for the next time', async (t) => {
  const { url } = await backend(t);
  const place = desk(t);
  const { gate } = desk(t, { XDG_STATE_HOME: place.folder });
  const folder = join(place.folder, 'sallyport');
  const first = await gate('--to', url, '--listen', '0', '--tls');
  assert.match(first.report.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(first.report.certificate, true);
  const [name = ''] = readdirSync(folder);
  const pem = readFileSync(join(folder, name), 'utf8');
  const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
  await until(() => first.err().includes(certificate.fingerprint256), 'the fingerprint');
  assert.match(first.err(), /mkcert/);
  assert.equal(first.err().includes('PRIVATE KEY'), false);
  assert.equal(await get(`${first.report.url}/api/posts`, certificate.toString()), 200);
  assert.equal(await first.stop(), 0);
  const second = await gate('--to', url, '--listen', '0', '--tls', '--log', 'silent');
  assert.equal(await get(`${second.report.url}/api/posts`, certificate.toString()), 200);
});

test('R1 files and folders of tls lie beside the configuration', async (t) => {
  const { url } = await backend(t);
  const { gate, folder, write, run } = desk(t);
  write('sallyport.config.json', JSON.stringify({ to: url, listen: '127.0.0.1:0', tls: { self: true, dir: 'kept' } }));
  const { stop } = await gate('--log', 'silent');
  assert.equal(readdirSync(join(folder, 'kept')).length, 1);
  await stop();
  const more = { cert: 'a.pem', key: 'a.key', more: [{ cert: 'b.pem', key: 'b.key' }] };
  write('sallyport.config.json', JSON.stringify({ to: url, listen: '127.0.0.1:0', tls: more }));
  const { code, err } = await run('--log', 'silent');
  assert.notEqual(code, 0);
  assert.ok(err.includes(join(folder, 'a.pem')), err);
});
