import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';
import { canSharePort, openEntrance } from '../../src/gateway/fleet/entrance.ts';
import { createPortStream } from '../../src/gateway/fleet/port-stream.ts';
import { parseListen } from '../../src/gateway/listen.ts';
import { codeOf, startApi, startFleetOf, until } from './fleet-support.ts';

const CALL = { method: 'GET' };
const OPEN = { flags: { open: ['/api/**'] } };

test('where no port can be shared, one socket takes all connections and all workers answer, exact as ever', async (t) => {
  const api = await startApi(t);
  const fleet = await startFleetOf(t, api.url, { shares: false });
  assert.ok(
    fleet.lines().some(({ msg }) => String(msg).includes('one socket')),
    'it is said at the start',
  );
  const client = await fleet.client();
  for (let round = 1; round <= 5; round++) {
    const captured = client.sign(CALL);
    const codes = await Promise.all(Array.from({ length: 16 }, async () => codeOf(await fleet.send(captured))));
    assert.deepEqual(codes.toSorted(), ['admit', ...Array(15).fill('replayed')]);
  }
  const workers = () => new Set(fleet.lines().flatMap(({ worker }) => (worker === undefined ? [] : [worker])));
  await until(() => workers().size === 2, 'both answer');
  // The client's address gets there: it is what a prefix is counted by.
  const refused = fleet.lines().filter(({ msg }) => msg === 'refused');
  assert.deepEqual(new Set(refused.map(({ prefix }) => prefix)), new Set(['127.0.0.1']));
});

for (const shares of [true, false]) {
  const how = shares ? 'by sockets of their own' : 'by one socket';

  test(`uploads and long answers pass byte for byte, ${how}`, async (t) => {
    const api = await startApi(t, (request, response) => request.pipe(response));
    const fleet = await startFleetOf(t, api.url, { shares, ...OPEN });
    const bodies = Array.from({ length: 4 }, () => randomBytes(5_000_000));
    const answers = await Promise.all(
      bodies.map(async (body) => {
        const answer = await fetch(`${fleet.url}/api/echo`, { method: 'POST', body });
        return Buffer.from(await answer.arrayBuffer());
      }),
    );
    for (const [index, body] of bodies.entries()) assert.ok(answers[index]?.equals(body));
  });

  test(`WebSockets open, answer and close, ${how}`, async (t) => {
    const echo = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    echo.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    await once(echo, 'listening');
    t.after(() => echo.close());
    const { port } = echo.address() as AddressInfo; // bound to TCP above
    const fleet = await startFleetOf(t, `http://127.0.0.1:${port}`, { shares, ...OPEN });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = new WebSocket(`${fleet.url.replace('http', 'ws')}/api/socket`);
        await once(socket, 'open');
        const sent = randomBytes(100_000);
        socket.send(sent);
        const [data] = await once(socket, 'message');
        assert.ok(sent.equals(data));
        socket.close(1000);
        const [code] = await once(socket, 'close');
        assert.equal(code, 1000);
      }),
    );
  });

  test(`a client that breaks off frees its backend, ${how}`, async (t) => {
    const gone: string[] = [];
    const api = await startApi(t, (request, response) => {
      response.writeHead(200).write('begun');
      response.on('close', () => gone.push(request.url ?? ''));
    });
    const fleet = await startFleetOf(t, api.url, { shares, ...OPEN });
    const socket = connect(fleet.port, '127.0.0.1');
    socket.write(`GET /api/endless HTTP/1.1\r\nHost: 127.0.0.1:${fleet.port}\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await until(() => gone.length === 1, 'the backend hears of it');
  });

  test(`TLS with HTTP/1.1 and HTTP/2, ${how}`, async (t) => {
    const api = await startApi(t);
    const fleet = await startFleetOf(t, api.url, { shares, flags: { tls: true, open: ['/api/**'] } });
    const { connect: connect2 } = await import('node:http2');
    for (let times = 0; times < 6; times++) {
      const session = connect2(fleet.url, { rejectUnauthorized: false });
      const stream = session.request({ ':path': '/api/posts' });
      const [headers] = await once(stream, 'response');
      assert.equal(headers[':status'], 200);
      stream.resume();
      await once(stream, 'end');
      session.close();
    }
    assert.equal(
      codeOf(
        await fleet.send({
          method: 'GET',
          target: '/api/posts',
          fields: ['Host', `127.0.0.1:${fleet.port}`],
          body: null,
        }),
      ),
      'admit',
    );
    assert.equal(
      codeOf(
        await fleet.send({ method: 'GET', target: '/api/posts', fields: ['Host', 'elsewhere.example'], body: null }),
      ),
      'host',
    );
    const refused = () => fleet.lines().filter(({ code }) => code === 'host');
    await until(() => refused().length === 1, 'it is logged');
    assert.deepEqual(
      refused().map(({ prefix }) => prefix),
      ['127.0.0.1'],
    );
  });
}

test('this system is tried: two sockets listen on one port here, or it says that they cannot', async () => {
  assert.equal(await canSharePort('127.0.0.1'), process.platform === 'linux');
  assert.equal(await canSharePort('192.0.2.1'), false);
});

test('a port that somebody holds is said, though a socket could share it', async (t) => {
  const holder = createServer();
  holder.listen({ host: '127.0.0.1', port: 0, reusePort: true });
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo; // bound to TCP above
  const parts = { members: () => [], inherited: null, besides: 0 };
  for (const shares of [true, false]) {
    const opening = openEntrance({ want: parseListen(`127.0.0.1:${port}`), canShare: async () => shares, ...parts });
    await assert.rejects(opening, /something else listens there already/);
  }
});

test('a connection between threads holds back whoever sends more than is read, and loses nothing at the end', async () => {
  const { port1, port2 } = new MessageChannel();
  const [one, other] = [createPortStream(port1, ''), createPortStream(port2, '192.0.2.7')];
  assert.equal(other.remoteAddress, '192.0.2.7');
  let taken = 0;
  while (one.write(Buffer.alloc(65_536, taken)) || taken < 4) if (++taken > 100) break;
  assert.ok(taken <= 100, 'it says when it is enough');
  const held = one.writableLength;
  assert.ok(held > 0);
  one.end('last');
  let read = 0;
  let text = '';
  for await (const chunk of other) {
    read += chunk.length;
    text = chunk.toString('latin1').slice(-4);
  }
  assert.equal(text, 'last');
  assert.equal(read % 65_536, 4);
  const closed = once(one, 'close');
  other.end();
  one.resume();
  await closed;
});

test('a connection whose other thread ends is closed', async () => {
  const { port1, port2 } = new MessageChannel();
  const one = createPortStream(port1, '');
  one.on('error', () => {});
  const closed = once(one, 'close');
  port2.close();
  await closed;
  assert.equal(one.destroyed, true);
});
