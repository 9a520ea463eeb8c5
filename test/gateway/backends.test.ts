import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openRaw, startTestGate, statusOf, until } from './support.ts';

/** A backend that says exactly these bytes to each request head, whatever HTTP library would have said them. */
async function startSaying(
  context: TestContext,
  act: (socket: Socket, head: string, count: number) => void,
): Promise<string> {
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        count += 1;
        act(socket, head, count);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // bound to TCP above
}

interface Manner {
  readonly name: string;
  readonly says: string;
  readonly closes?: boolean;
  readonly status: number;
  readonly body: string;
}

/** How servers in the wild frame an answer; each must arrive as the same answer. */
const MANNERS: readonly Manner[] = [
  {
    name: 'HTTP/1.0, body until the end of the connection',
    says: 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello',
    closes: true,
    status: 200,
    body: 'hello',
  },
  {
    name: 'HTTP/1.1 without length or coding',
    says: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello',
    closes: true,
    status: 200,
    body: 'hello',
  },
  { name: 'no reason phrase', says: 'HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\nhello', status: 200, body: 'hello' },
  {
    name: 'chunks with extensions and trailers',
    says: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n',
    status: 200,
    body: 'hello',
  },
  {
    name: 'interim answers before the real one',
    says: 'HTTP/1.1 103 Early Hints\r\nLink: </api/x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    body: 'hello',
  },
  { name: 'no Date', says: 'HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello', status: 404, body: 'hello' },
  {
    name: 'a status of its own',
    says: 'HTTP/1.1 299 Fine\r\nContent-Length: 5\r\n\r\nhello',
    status: 299,
    body: 'hello',
  },
  {
    name: 'bytes above ASCII in a field',
    says: 'HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    body: 'hello',
  },
];

for (const { name, says, closes, status, body } of MANNERS) {
  test(`P10.1 a backend that answers with ${name}`, async (context) => {
    const to = await startSaying(context, (socket) => {
      socket.write(says, 'latin1');
      if (closes === true) socket.end();
    });
    const gate = await startTestGate(context, { to });
    const answer = await fetch(`${gate.url}/x`);
    assert.equal(answer.status, status);
    assert.equal(await answer.text(), body);
    assert.ok(answer.headers.get('date'), 'a Date is added where the backend has none');
    assert.equal(answer.headers.get('link'), null);
    assert.equal(answer.headers.get('trailer'), null);
    if (says.includes('\xe9')) assert.equal(answer.headers.get('x-name'), 'caf\xe9');
  });
}

const BROKEN: readonly { name: string; says: string }[] = [
  { name: 'something that is no HTTP', says: 'hello\r\n\r\n' },
  { name: 'nothing, and closes', says: '' },
  {
    name: 'a length and a coding at once',
    says: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  { name: 'two lengths', says: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab' },
  {
    name: 'a switch of protocols that nobody asked for',
    says: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  },
  { name: 'a head without end', says: `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}` },
];

for (const { name, says } of BROKEN) {
  test(`a backend that says ${name}: 502 with a code, and the gate lives`, async (context) => {
    const to = await startSaying(context, (socket) => socket.end(says, 'latin1'));
    const gate = await startTestGate(context, { to });
    const answer = await fetch(`${gate.url}/x`, { method: 'POST' });
    assert.equal(answer.status, 502);
    assert.equal(((await answer.json()) as { code: string }).code, 'upstream');
    assert.equal((await fetch(`${gate.url}/_sallyport/health`)).status, 200);
  });
}

test('a kept-alive connection that the backend has closed meanwhile costs nobody a request', async (context) => {
  const to = await startSaying(context, (socket, head, count) => {
    // The second request on any connection finds it dead, as after a backend's own idle time.
    if (/^GET \/second/.test(head) && count === 2) socket.destroy();
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const gate = await startTestGate(context, { to });
  assert.equal(await (await fetch(`${gate.url}/first`)).text(), 'ok');
  assert.equal(await (await fetch(`${gate.url}/second`)).text(), 'ok');
});

test('a POST is never sent twice, whatever becomes of the connection', async (context) => {
  const posts: string[] = [];
  const to = await startSaying(context, (socket, head) => {
    if (head.startsWith('POST')) {
      posts.push(head);
      socket.destroy();
    } else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const gate = await startTestGate(context, { to });
  await (await fetch(`${gate.url}/first`)).text();
  assert.equal((await fetch(`${gate.url}/second`, { method: 'POST' })).status, 502);
  assert.equal(posts.length, 1);
});

test('requests that follow one another on one connection are answered in order', async (context) => {
  const to = await startSaying(context, (socket, head) => {
    const path = head.split(' ')[1] ?? '';
    setTimeout(
      () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
      path === '/1' ? 60 : 0,
    );
  });
  const gate = await startTestGate(context, { to });
  const raw = openRaw(context, gate);
  raw.socket.write([1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  await until(() => (raw.text.match(/HTTP\/1\.1 200/g)?.length ?? 0) === 3 && raw.text.endsWith('/3'));
  assert.equal(statusOf(raw.text), 200);
  assert.deepEqual(raw.text.match(/^\/\d/gm), ['/1', '/2', '/3']);
});
