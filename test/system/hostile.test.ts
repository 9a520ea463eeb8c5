import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { sendRaw } from '../support/raw.ts';

/** What bad input gets: a 4xx with a code and an id, or a closed connection; nothing forwarded, nothing crashed. */
describe('hostile requests over raw sockets', () => {
  let backend: Server;
  let gate: Gate;
  let forwarded = 0;

  before(async () => {
    backend = createServer((request, response) => {
      forwarded++;
      request.resume();
      response.end('backend');
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo;
    gate = await startGate({
      to: `http://127.0.0.1:${port}`,
      listen: '127.0.0.1:0',
      mode: 'enforce',
      protect: ['/**'],
    });
  });
  after(async () => {
    await gate.close({ graceMs: 0 });
    await new Promise<void>((resolve) => backend.close(() => resolve()));
  });

  async function refused(bytes: Buffer | string, name: string): Promise<void> {
    const before = forwarded;
    const { status, text } = await sendRaw(gate.address.port, bytes);
    assert.equal(forwarded, before, `forwarded: ${name}`);
    assert.ok(status === 0 || (status >= 400 && status < 500), `${name}: ${status}`);
    if (text.includes('{')) {
      const body = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { code: string; id: string };
      assert.match(body.code, /^[a-z-]+$/, name);
      assert.match(body.id, /^[\w-]{16}$/, name);
    }
  }

  const head = (...lines: string[]): string =>
    `${lines.join('\r\n')}\r\nHost: localhost:${gate.address.port}\r\nConnection: close\r\n`;

  test('any header names and values', async () => {
    const name = fc.oneof(
      fc.constantFrom(
        'Signature',
        'Signature-Input',
        'Cookie',
        'Origin',
        'Content-Digest',
        'Sec-Fetch-Site',
        'X-Forwarded-For',
        'Authorization',
        'Content-Type',
        'Accept',
        'Upgrade',
        'Sec-WebSocket-Protocol',
        'Sallyport-Digest',
        'Range',
      ),
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/),
    );
    const value = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.constantFrom(
        'sallyport=',
        'sallyport=()',
        'sallyport=("@method" "@authority" "@path" "@query");created=1;nonce="1";keyid="x";tag="sallyport-1"',
        'sallyport=:AA==:',
        '__Host-sallyport=x; __Host-sallyport=y',
        ','.repeat(500),
        '\t',
        'null',
      ),
    );
    const request = fc.tuple(
      fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE', 'get'),
      fc.array(fc.tuple(name, value), { maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(request, async ([method, fields]) => {
        const lines = fields.map(([key, text]) => `${key}: ${text.replace(/[\r\n\0]/g, '')}`);
        await refused(
          Buffer.from(`${head(`${method} /api HTTP/1.1`, ...lines)}\r\n`, 'latin1'),
          JSON.stringify([method, lines]),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('any target', async () => {
    const target = fc.oneof(fc.string({ maxLength: 100 }), fc.webPath(), fc.stringMatching(/^\/[\x21-\x7e]{0,60}$/));
    await fc.assert(
      fc.asyncProperty(target, async (text) => {
        const line = `GET ${text.replace(/[\r\n]/g, '') || '/'} HTTP/1.1`;
        await refused(Buffer.from(`${head(line)}\r\n`, 'latin1'), line);
      }),
      { numRuns: 150 },
    );
  });

  test('any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        // The blank lines end whatever the bytes began, and what follows begins nothing, so that nobody waits for more.
        await refused(
          Buffer.concat([bytes, Buffer.from('\r\n\r\n\r\n\r\n!\r\n\r\n')]),
          Buffer.from(bytes).toString('base64'),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('any JSON as entry', async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          v: fc.constantFrom(1, 2, '1'),
          client: fc.oneof(fc.constant('default'), fc.string()),
          key: fc.base64String({ maxLength: 120 }),
        },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(value, async (json) => {
        const body = JSON.stringify(json);
        const fields = [
          `Content-Length: ${Buffer.byteLength(body)}`,
          'Content-Type: application/json',
          'Sec-Fetch-Site: same-origin',
        ];
        await refused(`${head('POST /_sallyport/enter HTTP/1.1', ...fields)}\r\n${body}`, body);
      }),
      { numRuns: 150 },
    );
  });

  test('the gate still answers afterwards', async () => {
    const { status } = await sendRaw(gate.address.port, `${head('GET /_sallyport/health HTTP/1.1')}\r\n`);
    assert.equal(status, 200);
  });
});
