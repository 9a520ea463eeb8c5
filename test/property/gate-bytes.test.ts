import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { startBackend, startTestGate } from '../gateway/support.ts';
import type { Gate } from '../../src/gateway/gate.ts';

const SEEDS: readonly string[] = [
  'GET /api/x?y=1 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n',
  'POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nbody',
  'POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
  'GET /s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
];

/** Sends bytes, ends the sending half, and returns what was said until the connection closed. */
function said(gate: Gate, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(gate.address.port, '127.0.0.1', () => socket.end(bytes));
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

test('R2 whatever bytes come, what goes out is HTTP, what reaches the backend is whole, and the gate lives', async (context) => {
  const bodies: string[] = [];
  const backend = await startBackend(context, (request, response) => {
    let body = '';
    request.on('error', () => {});
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      bodies.push(`${request.headers['content-length'] ?? 'none'} ${request.headers['transfer-encoding'] ?? 'none'}`);
      response.end(body);
    });
  });
  const gate = await startTestGate(context, { to: backend.url });
  const edit = fc.record({
    at: fc.nat(200),
    cut: fc.nat(3),
    put: fc.oneof(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        ' ',
        '\t',
        '\0',
        ':',
        ',',
        ';',
        '\r\n ',
        'Content-Length: 1\r\n',
        'Transfer-Encoding: chunked\r\n',
        '0\r\n\r\n',
        '#',
        '%',
      ),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SEEDS), fc.array(edit, { minLength: 1, maxLength: 4 }), async (seed, edits) => {
      let text = seed;
      for (const { at, cut, put } of edits) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + put + text.slice(place + cut);
      }
      const answer = await said(gate, Buffer.from(text, 'latin1'));
      assert.match(answer, /^(?:HTTP\/1\.1 [1-5]\d\d [\s\S]*)?$/);
    }),
    { numRuns: 300 },
  );
  assert.equal((await fetch(`${gate.url}/_sallyport/health`)).status, 200);
  for (const framing of bodies) assert.doesNotMatch(framing, /^\d+ chunked/, 'never a length and a coding at once');
});
