import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { openRaw, rawExchange, startBackend, startTestGate, statusOf } from './support.ts';

interface Case {
  readonly name: string;
  readonly bytes: string;
}

const HOST = 'Host: localhost\r\n';

const SMUGGLING: readonly Case[] = [
  {
    name: 'Transfer-Encoding beside Content-Length',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    name: 'two Content-Length fields that differ',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  },
  {
    name: 'two Content-Length fields that agree',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab`,
  },
  { name: 'a list in Content-Length', bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 2, 2\r\n\r\nab` },
  { name: 'a sign in Content-Length', bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: +2\r\n\r\nab` },
  { name: 'bare LF after a field', bytes: 'GET /a HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n' },
  { name: 'bare LF after the request line', bytes: `GET /a HTTP/1.1\n${HOST}\r\n` },
  { name: 'bare LF at the end of the head', bytes: `GET /a HTTP/1.1\r\n${HOST}\n` },
  { name: 'bare CR in a value', bytes: `GET /a HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n` },
  { name: 'obsolete line folding', bytes: `GET /a HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n` },
  { name: 'space before the colon', bytes: `GET /a HTTP/1.1\r\n${HOST}Content-Length : 0\r\n\r\n` },
  { name: 'NUL in a value', bytes: `GET /a HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n` },
  { name: 'a field without a name', bytes: `GET /a HTTP/1.1\r\n${HOST}: x\r\n\r\n` },
  {
    name: 'an unknown transfer coding',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  },
  {
    name: 'chunked that is not the last coding',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk size that is no number',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk size with a sign',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk size beyond 64 bits',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nab\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk that is longer than its size',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n`,
  },
  {
    name: 'bare LF after a chunk size',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n`,
  },
  { name: 'no HTTP at all', bytes: 'hello\r\n\r\n' },
  { name: 'a target with raw bytes above ASCII', bytes: `GET /\xe4 HTTP/1.1\r\n${HOST}\r\n` },
  { name: 'a space in the target', bytes: `GET /a b HTTP/1.1\r\n${HOST}\r\n` },
];

for (const { name, bytes } of SMUGGLING) {
  test(`R2 ${name}: 400 as problem+json, closed, nothing completed at the backend`, async (context) => {
    let completed = 0;
    const backend = await startBackend(context, (request, response) => {
      request.on('error', () => {});
      request.resume().on('end', () => {
        completed += 1;
        response.end();
      });
    });
    const gate = await startTestGate(context, { to: backend.url });
    const text = await rawExchange(context, gate, bytes);
    assert.equal(statusOf(text), 400, text);
    assert.match(text, /content-type: application\/problem\+json/i);
    assert.match(text, /"code":"target"/);
    assert.match(text, /"id":"[\w-]{16}"/);
    assert.match(text, /connection: close/i);
    assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, 'one answer, not two');
    assert.equal(completed, 0);
  });
}

const TARGETS: readonly Case[] = [
  { name: 'an absolute target', bytes: `GET http://internal.example/a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n` },
  {
    name: 'an absolute target with userinfo',
    bytes: `GET http://a@internal.example/a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  },
  { name: 'CONNECT', bytes: `CONNECT internal.example:80 HTTP/1.1\r\n${HOST}\r\n` },
  { name: 'an asterisk target', bytes: `OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n` },
];

for (const { name, bytes } of TARGETS) {
  test(`R10 ${name} is refused with 400 and reaches no backend`, async (context) => {
    let reached = 0;
    const backend = await startBackend(context, (_request, response) => {
      reached += 1;
      response.end();
    });
    const gate = await startTestGate(context, { to: backend.url });
    const text = await rawExchange(context, gate, bytes);
    assert.equal(statusOf(text), 400, text);
    assert.match(text, /"code":"target"/);
    assert.equal(reached, 0);
  });
}

test('TRACE is refused with 405 and reaches no backend', async (context) => {
  let reached = 0;
  const backend = await startBackend(context, (_request, response) => {
    reached += 1;
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url });
  const text = await rawExchange(context, gate, `TRACE /a HTTP/1.1\r\n${HOST}Cookie: a=b\r\nConnection: close\r\n\r\n`);
  assert.equal(statusOf(text), 405);
  assert.doesNotMatch(text, /a=b/);
  assert.equal(reached, 0);
});

test('a head beyond its bounds is refused, in bytes and in fields, and the gate lives', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('ok'));
  const gate = await startTestGate(context, { to: backend.url });
  const long = await rawExchange(context, gate, `GET /a HTTP/1.1\r\n${HOST}X: ${'x'.repeat(40_000)}\r\n\r\n`);
  assert.equal(statusOf(long), 400);
  const many = await rawExchange(context, gate, `GET /a HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(300)}\r\n`);
  assert.equal(statusOf(many), 400);
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
});

test('R2 a second request that cannot be read does not disturb the answer to the first', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('first'));
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write(`GET /a HTTP/1.1\r\n${HOST}\r\n`);
  await raw.until(/first/);
  raw.socket.write(`GET /b HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`);
  await raw.closed;
  assert.equal(raw.text.match(/HTTP\/1\.1 (200|400)/g)?.join(), 'HTTP/1.1 200,HTTP/1.1 400');
});

test('R2 what cannot be read behind a request that can is answered after it, not in its place', async (context) => {
  const backend = await startBackend(context, (_request, response) => {
    setTimeout(() => response.end('first'), 50);
  });
  const gate = await startTestGate(context, { to: backend.url });
  const text = await rawExchange(
    context,
    gate,
    `GET /a HTTP/1.1\r\n${HOST}\r\nGET /b HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`,
  );
  assert.equal(text.match(/HTTP\/1\.1 (200|400)/g)?.join(), 'HTTP/1.1 200,HTTP/1.1 400');
});

test('Expect: 100-continue is answered only when the body is wanted', async (context) => {
  const backend = await startBackend(context, (request, response) => {
    assert.equal(request.headers.expect, undefined);
    request.pipe(response);
  });
  const gate = await startTestGate(
    context,
    { to: backend.url },
    {
      says: { decide: (view) => (view.path === '/no' ? { outcome: 'refuse', code: 'forbidden', layer: 'route' } : {}) },
    },
  );
  const wanted = openRaw(context, gate);
  wanted.socket.write(`POST /yes HTTP/1.1\r\n${HOST}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
  await wanted.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  wanted.socket.write('ab');
  await wanted.until(/HTTP\/1\.1 200[\s\S]*ab/);
  const unwanted = openRaw(context, gate);
  unwanted.socket.write(`POST /no HTTP/1.1\r\n${HOST}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
  await unwanted.closed;
  assert.equal(statusOf(unwanted.text), 403);
  assert.doesNotMatch(unwanted.text, /100 Continue/);
});

test('a connection that a browser opened ahead and never used is closed, and nobody was refused', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end());
  const told: string[] = [];
  const gate = await startTestGate(
    context,
    { to: backend.url },
    { parts: { onDecision: (decision) => void told.push(decision.code) } },
  );
  const accepted = once(gate.server, 'connection');
  const raw = openRaw(context, gate);
  const [socket] = await accepted;
  // What node emits for it once its headersTimeout is over.
  const late = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  gate.server.emit('clientError', late, socket);
  await raw.closed;
  assert.deepEqual([raw.text, told], ['', []]);
});
