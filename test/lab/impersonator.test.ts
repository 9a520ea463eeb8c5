import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { makeCertificate } from '../../src/gateway/certificates/self-made.ts';
import { createSender, type Sender } from '../../src/lab/http.ts';
import { impersonator } from '../../src/lab/impersonator.ts';
import { parseTarget } from '../../src/lab/target.ts';

async function listen(context: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/api/posts`; // a TCP server's address is one
}

const call = (sender: Sender, fields: readonly string[] = []) =>
  sender.send({ method: 'GET', target: '/api/posts', fields, body: null });

/** The cipher suites of a ClientHello (RFC 8446 §4.1.2) in one record. */
function suitesOf(hello: Buffer): number[] {
  const at = 5 + 4 + 2 + 32;
  const list = at + 1 + hello.readUInt8(at);
  const count = hello.readUInt16BE(list) / 2;
  return Array.from({ length: count }, (_, index) => hello.readUInt16BE(list + 2 + 2 * index));
}

/** What Chrome offers, in its order, but for the value that it draws to keep servers tolerant (RFC 8701). */
const CHROME = [
  ...[0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
  ...[0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035],
];

test('a client with a browser’s TLS offers the suites that Chrome offers, and a program does not', async (context) => {
  const hellos: Buffer[] = [];
  const url = await listen(
    context,
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        hellos.push(bytes);
        socket.destroy();
      });
    }),
  );
  const target = parseTarget(url);
  const program = createSender(target);
  context.after(() => program.close());
  assert.notEqual((await call(program)).failed, '');
  const [own] = hellos.splice(0);
  assert.notEqual((await call(await impersonator({ target }))).failed, '', 'a broken handshake is no answer');
  const [imitated] = hellos;
  assert.ok(own !== undefined && imitated !== undefined);
  assert.notDeepEqual(suitesOf(own), CHROME);
  assert.deepEqual(suitesOf(imitated), CHROME);
});

test('it speaks HTTP/2 as that browser, with the fields it was given and none of the program’s own name', async (context) => {
  const seen: string[] = [];
  const { cert, key } = makeCertificate(['127.0.0.1'], Date.now());
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    seen.push(request.httpVersion, String(request.headers['user-agent']), String(request.headers['x-given']));
    response.writeHead(403, { 'content-type': 'text/plain', 'x-answer': 'yes' });
    response.end('no');
  });
  const target = parseTarget(await listen(context, server));
  const given = ['Host', target.authority, 'User-Agent', 'a program', 'X-Given', 'one', 'x-given', 'two'];
  const answer = await call(await impersonator({ target }), given);
  assert.equal(answer.status, 403, answer.failed);
  assert.equal(Buffer.from(answer.body).toString(), 'no');
  assert.equal(answer.fields[answer.fields.indexOf('x-answer') + 1], 'yes');
  assert.equal(seen[0], '2.0');
  assert.match(seen[1] ?? '', /Chrome\//);
  assert.equal(seen[2], 'two');
});
