import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { openRaw, startBackend, startTestGate, statusOf, until } from './support.ts';
import type { Backend, StubSays } from './support.ts';

interface Echo extends Backend {
  readonly sockets: WebSocketServer;
  /** Raw field lines of each handshake. */
  readonly handshakes: string[][];
}

async function startEcho(context: TestContext): Promise<Echo> {
  const backend = await startBackend(context, (_request, response) => response.writeHead(404).end('no socket here'));
  const sockets = new WebSocketServer({ server: backend.server, path: '/socket' });
  const handshakes: string[][] = [];
  sockets.on('connection', (socket, request) => {
    handshakes.push([request.url ?? '', ...request.rawHeaders]);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  context.after(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return { ...backend, sockets, handshakes };
}

function opened(url: string, protocols: string[] = []): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), protocols);
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
  });
}

const next = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));

test('P7.1 a WebSocket passes both ways', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const socket = await opened(`${gate.url}/socket`);
  for (const text of ['one', 'two', 'x'.repeat(300_000)]) {
    socket.send(text);
    assert.equal(await next(socket), text);
  }
  assert.equal(gate.stats().tunnels, 1);
  socket.close();
  await until(() => gate.stats().tunnels === 0 && echo.sockets.clients.size === 0);
});

test('P7.2 a refused upgrade is answered as problem+json before the backend hears of it', async (context) => {
  const echo = await startEcho(context);
  const says: StubSays = {
    decide: (view) =>
      view.headers.origin === 'https://evil.example' ? { outcome: 'refuse', code: 'site', layer: 'site' } : {},
  };
  const gate = await startTestGate(context, { to: echo.url }, { says });
  const raw = openRaw(context, gate);
  raw.socket.write(
    'GET /socket HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await raw.closed;
  assert.equal(statusOf(raw.text), 403);
  assert.match(raw.text, /application\/problem\+json/);
  assert.match(raw.text, /"code":"site"/);
  assert.equal(echo.handshakes.length, 0);
});

test('a handshake has as many fields as any other request may have, and none is cut off in silence', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const knock = async (count: number): Promise<number> => {
    const raw = openRaw(context, gate);
    const more = Array.from({ length: count - 5 }, (_, at) => `x-${at}: 1\r\n`).join('');
    raw.socket.write(
      `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`,
    );
    await until(() => statusOf(raw.text) !== 0);
    raw.socket.destroy();
    return statusOf(raw.text);
  };
  assert.equal(await knock(201), 400);
  assert.equal(echo.handshakes.length, 0);
  assert.equal(await knock(200), 101);
  assert.equal(echo.handshakes.length, 1);
});

test('a decision that takes its time holds the upgrade back', async (context) => {
  const echo = await startEcho(context);
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const gate = await startTestGate(context, { to: echo.url }, { says: { decide: () => held.then(() => ({})) } });
  const opening = opened(`${gate.url}/socket`);
  await until(() => gate.stats().connections === 1);
  assert.equal(echo.handshakes.length, 0);
  release();
  (await opening).close();
});

test('our proof is taken out of the handshake, as subprotocol and as parameter; the app’s own stays', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const socket = await opened(`${gate.url}/socket?a=1&sallyport-proof=secret`, ['chat', 'sallyport-1.proof.secret']);
  assert.equal(socket.protocol, 'chat');
  const handshake = echo.handshakes[0] ?? [];
  assert.equal(handshake[0], '/socket?a=1');
  assert.equal(
    handshake.some((text) => text.includes('secret')),
    false,
  );
  assert.equal(handshake[handshake.findIndex((text) => text.toLowerCase() === 'sec-websocket-protocol') + 1], 'chat');
  socket.close();
});

test('a backend that will not switch protocols answers as usual', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const raw = openRaw(context, gate);
  raw.socket.write(
    'GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await raw.closed;
  assert.equal(statusOf(raw.text), 400, 'ws refuses paths that are not its own');
});

test('a backend that is down refuses the upgrade with 502', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  echo.server.close();
  await assert.rejects(opened(`${gate.url}/socket`), /502/);
});

test('either side’s end ends the other', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const first = await opened(`${gate.url}/socket`);
  first.terminate();
  await until(() => echo.sockets.clients.size === 0);
  const second = await opened(`${gate.url}/socket`);
  let closed = false;
  second.on('close', () => {
    closed = true;
  });
  for (const socket of echo.sockets.clients) socket.terminate();
  await until(() => closed && gate.stats().tunnels === 0);
});

test('offers to switch to anything but WebSocket are ignored, and the request is served', async (context) => {
  const seen: string[][] = [];
  const backend = await startBackend(context, (request, response) => {
    seen.push(request.rawHeaders.map((text) => text.toLowerCase()));
    response.end('plain');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write(
    'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n',
  );
  await raw.until(/plain/);
  assert.equal(statusOf(raw.text), 200);
  assert.equal(seen[0]?.includes('upgrade') || seen[0]?.includes('http2-settings'), false);
});

test('what the client sends right behind its handshake reaches the backend', async (context) => {
  const echo = await startEcho(context);
  const gate = await startTestGate(context, { to: echo.url });
  const raw = openRaw(context, gate);
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]); // masked text "hi"
  raw.socket.write(
    Buffer.concat([
      Buffer.from(
        'GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      ),
      frame,
    ]),
  );
  await raw.until(/\x81\x02hi/);
});
