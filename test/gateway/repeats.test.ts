import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { createSender, type RawRequest, type Sender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { until } from './support.ts';

/** A network that breaks connections: browsers send a call again then, by themselves, with the proof that it had. */

const PAGE = '<!doctype html><html><head></head><body></body></html>';
const json = { 'content-type': 'application/json' };

type Handler = (message: IncomingMessage, response: ServerResponse) => void;

interface Said {
  readonly status: number;
  readonly text: string;
}

/** One connection on which a request was sent, as bytes. */
interface Sent {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  /** All that comes until the connection closes. */
  readonly ended: Promise<string>;
}

const CONFIG: Config = {
  mode: 'enforce',
  listen: '127.0.0.1:0',
  login: { identify: ({ header }) => (header('x-user') === '' ? null : { id: header('x-user') }) },
  routes: [
    { match: 'GET /api/posts' },
    { match: 'POST /api/posts', user: true },
    { match: 'PUT /api/posts/:id' },
    { match: 'POST /api/chat', concurrent: { session: 1 } },
    { match: 'DELETE /api/posts/:id', creator: { of: 'POST /api/posts' } },
  ],
};

const started = async (handler: () => Handler, more: Config = {}) => {
  const server = createServer((message, response) => {
    if (message.url === '/') {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-cache' }).end(PAGE);
    } else handler()(message, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // bound to TCP above
  const records = await createRecords('memory', { secret: 'a secret of the tests, 32 long at least' });
  const notes: string[] = [];
  const codes: string[] = [];
  const gate = await startGate(
    { ...CONFIG, to, ...more },
    {
      records,
      onDecision({ code, note = '' }) {
        notes.push(note);
        codes.push(code);
      },
    },
  );
  return {
    gate,
    notes,
    codes,
    records,
    async close() {
      await gate.close({ graceMs: 0 });
      await records.close();
      server.closeAllConnections();
      server.close();
    },
  };
};

describe('a call that is sent again because its answer was lost', () => {
  let running: Awaited<ReturnType<typeof started>>;
  let gate: Gate;
  let sender: Sender;
  let client: WireClient;
  let answer: Handler;
  const heard: string[] = [];
  const sockets: Socket[] = [];

  before(async () => {
    running = await started(() => (message, response) => {
      heard.push(`${message.method} ${message.url}`);
      message.resume().on('end', () => answer(message, response));
    });
    gate = running.gate;
    const target = parseTarget(`http://127.0.0.1:${gate.address.port}`);
    sender = createSender(target);
    client = createWireClient({ ...target, path: '/api/posts', query: '' }, '/', sender);
    assert.equal((await client.open()).opened, true);
  });
  afterEach(() => {
    heard.length = 0;
    running.notes.length = 0;
    running.codes.length = 0;
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  after(async () => {
    sender?.close();
    await running?.close();
  });

  const body = Buffer.from('{"title":"once"}');
  const signed = (method: string, at: string, user = 'ann'): RawRequest => {
    const content = method === 'POST' || method === 'PUT' ? { body, contentType: 'application/json' } : {};
    return client.sign({ method, at, fields: ['x-user', user], ...content });
  };
  const creates =
    (id: number): Handler =>
    (_message, response) =>
      void response.writeHead(201, json).end(JSON.stringify({ id }));
  const removes: Handler = (_message, response) => void response.writeHead(204).end();

  /** Sends the bytes of a request on a connection of their own, which stays. */
  function send({ method, target, fields, body: content }: RawRequest, from = '127.0.0.1'): Sent {
    const lines: string[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}\r\n`);
    const socket = connect({ port: gate.address.port, host: '127.0.0.1', localAddress: from });
    sockets.push(socket);
    let text = '';
    socket.on('error', () => {}).on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    if (content !== null) socket.write(content);
    const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
    return { socket, text: () => text, ended };
  }
  async function said(request: RawRequest, from?: string): Promise<Said> {
    const { text, ended } = send({ ...request, fields: [...request.fields, 'Connection', 'close'] }, from);
    await ended;
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text())?.[1] ?? 0), text: text() };
  }
  /** The network breaks the connection, and the gate has noticed. */
  async function broken({ socket, ended }: Sent): Promise<void> {
    const before = gate.stats().connections;
    socket.resetAndDestroy();
    await ended;
    await until(() => gate.stats().connections < before);
  }
  /** Its answer was written and is lost: the connection broke on the way. */
  async function lost(request: RawRequest): Promise<void> {
    const first = send(request);
    await until(() => first.text().includes('HTTP/1.1'));
    await broken(first);
  }

  test('R42 P7.4 gets the one answer that it has: it is done once', async () => {
    answer = creates(1);
    const request = signed('POST', '/api/posts');
    await lost(request);
    const again = await said(request);
    assert.equal(again.status, 201, again.text);
    assert.match(again.text, /\{"id":1\}$/);
    assert.deepEqual(heard, ['POST /api/posts'], 'the backend heard of it once');
    assert.ok(running.notes.includes('sent again: its answer had been lost'), 'and the record says so');
  });

  test('R42 P7.4 while the backend is still at it: waits for the one answer', async () => {
    const late = Promise.withResolvers<void>();
    answer = (message, response) => void late.promise.then(() => creates(2)(message, response));
    const request = signed('POST', '/api/posts');
    const first = send(request);
    await until(() => heard.length === 1);
    await broken(first);
    const again = said(request);
    await until(() => gate.stats().requests === 1);
    late.resolve();
    assert.equal((await again).status, 201);
    assert.deepEqual(heard, ['POST /api/posts']);
  });

  test('R42 of what arrived in pieces before the connection broke, all comes again', async () => {
    const late = Promise.withResolvers<void>();
    answer = (_message, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
      void late.promise.then(() => response.end('data: two\n\n'));
    };
    const request = signed('PUT', '/api/posts/2');
    const first = send(request);
    await until(() => first.text().includes('one'));
    await broken(first);
    const again = said(request);
    await until(() => gate.stats().requests === 1);
    late.resolve();
    assert.match((await again).text, /data: one\n\ndata: two\n\n$/);
    assert.deepEqual(heard, ['PUT /api/posts/2']);
  });

  test('R42 what was captured and arrived is not answered again, whether its connection stands or was closed', async () => {
    answer = creates(3);
    const request = signed('POST', '/api/posts');
    const first = send(request);
    await until(() => first.text().includes('"id"'));
    assert.equal((await said(request)).status, 403, 'its connection stands');
    const before = gate.stats().connections;
    first.socket.destroy();
    await until(() => gate.stats().connections < before);
    const late = await said(request);
    assert.equal(late.status, 403, 'it was closed in order');
    assert.match(late.text, /"code":"replayed"/);
    assert.deepEqual(heard, ['POST /api/posts']);
  });

  test('R42 a lost answer is given again once', async () => {
    answer = creates(4);
    const request = signed('POST', '/api/posts');
    await lost(request);
    assert.equal((await said(request)).status, 201);
    assert.equal((await said(request)).status, 403);
    assert.deepEqual(heard, ['POST /api/posts']);
  });

  test('R42 a lost answer is given to nobody else: another network, browser, body, user or target', async () => {
    answer = creates(5);
    const request = signed('POST', '/api/posts');
    await lost(request);
    const [plain = []] = [request.fields];
    const swapped = (name: string, value: string): RawRequest => {
      const at = plain.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name);
      return { ...request, fields: plain.with(at + 1, value) };
    };
    assert.equal((await said(request, '127.0.0.2')).status, 403, 'another network');
    assert.equal((await said(swapped('user-agent', 'other/1.0'))).status, 403, 'another browser');
    assert.equal((await said(swapped('x-user', 'ben'))).status, 403, 'another user');
    assert.equal((await said({ ...request, body: Buffer.from('{"title":"more"}') })).status, 403, 'another body');
    assert.equal((await said({ ...request, target: '/api/posts?more' })).status, 403, 'another target');
    assert.equal((await said(request)).status, 201, 'and nobody has used it up');
    assert.deepEqual(heard, ['POST /api/posts']);
  });

  test('R42 what is longer than is kept, or had no answer, is refused', async () => {
    answer = (_message, response) => void response.writeHead(200, json).end(Buffer.alloc(20_000, ' '));
    const long = signed('POST', '/api/posts');
    await lost(long);
    assert.equal((await said(long)).status, 403);
    answer = (message) => void message.socket.destroy();
    const none = signed('POST', '/api/posts');
    await lost(none);
    assert.equal((await said(none)).status, 403);
    assert.equal(heard.length, 2);
  });

  test('R42 a read is refused, for the page signs it anew and sees how things are now', async () => {
    answer = (_message, response) => void response.writeHead(200, json).end('[]');
    const request = signed('GET', '/api/posts');
    await lost(request);
    assert.equal((await said(request)).status, 403);
  });

  test('P7.4 whoever left in order frees the backend at once', async () => {
    const left = Promise.withResolvers<void>();
    answer = (_message, response) => void response.on('close', () => left.resolve());
    const first = send(signed('PUT', '/api/posts/6'));
    await until(() => heard.length === 1);
    first.socket.destroy();
    await left.promise;
  });

  test('R42 a call that goes on without its client is still open: nobody has more of them by breaking connections', async () => {
    const late = Promise.withResolvers<void>();
    answer = (message, response) => {
      answer = creates(7);
      void late.promise.then(() => creates(6)(message, response));
    };
    const request = signed('POST', '/api/chat');
    const first = send(request);
    await until(() => heard.length === 1);
    await broken(first);
    assert.match((await said(signed('POST', '/api/chat'))).text, /"code":"limit"/);
    assert.equal(heard.length, 1, 'the backend is at one');
    late.resolve();
    const again = await said(request);
    assert.match(again.text, /\{"id":6\}$/, 'who broke no rule gets what was lost');
    assert.match((await said(signed('POST', '/api/chat'))).text, /\{"id":7\}/, 'and then there is room');
  });

  test('R64 P7.4 what this session has removed is gone when it asks again, and is not asked of the backend', async () => {
    answer = creates(7);
    assert.equal((await said(signed('POST', '/api/posts'))).status, 201);
    answer = removes;
    assert.equal((await said(signed('DELETE', '/api/posts/7'))).status, 204);
    const again = await said(signed('DELETE', '/api/posts/7'));
    assert.equal(again.status, 204, again.text);
    assert.deepEqual(heard, ['POST /api/posts', 'DELETE /api/posts/7']);
    assert.equal((await said(signed('DELETE', '/api/posts/8'))).status, 403, 'what nobody removed is not');
    assert.equal(
      (await said(signed('DELETE', '/api/posts/7', 'ben'))).status,
      403,
      'whoever comes after ann in her browser',
    );
  });

  test('R64 an object that came since is somebody’s, and no other session hears what was removed', async () => {
    answer = creates(9);
    await said(signed('POST', '/api/posts'));
    answer = removes;
    assert.equal((await said(signed('DELETE', '/api/posts/9'))).status, 204);
    const other = createWireClient({ ...parseTarget(gate.url), path: '/api/posts', query: '' }, '/', sender);
    assert.equal((await other.open()).opened, true);
    const strangers = other.sign({ method: 'DELETE', at: '/api/posts/9', fields: ['x-user', 'ann'] });
    assert.equal((await said(strangers)).status, 403, 'another session');
    answer = creates(9);
    await said(signed('POST', '/api/posts', 'ben'));
    answer = removes;
    assert.equal((await said(signed('DELETE', '/api/posts/9'))).status, 403, 'it is ben’s');
    assert.equal(heard.filter((line) => line.startsWith('DELETE')).length, 1);
  });

  test('R42 what was removed is told to nobody who captured a removal, and to no session that was ended', async () => {
    const other = createWireClient({ ...parseTarget(gate.url), path: '/api/posts', query: '' }, '/', sender);
    assert.equal((await other.open()).opened, true);
    const fields = ['x-user', 'ann'];
    const removal = () => other.sign({ method: 'DELETE', at: '/api/posts/11', fields });
    answer = creates(11);
    const made = other.sign({ method: 'POST', at: '/api/posts', fields, body, contentType: 'application/json' });
    assert.equal((await said(made)).status, 201);
    answer = removes;
    const captured = removal();
    assert.equal((await said(captured)).status, 204);
    assert.match((await said(captured)).text, /"code":"replayed"/);
    const asked = removal();
    assert.equal((await said(asked)).status, 204, 'whoever signs it anew hears it');
    assert.match((await said(asked)).text, /"code":"replayed"/, 'once');
    let label = '';
    gate.guard.onDecision(({ session }) => {
      label = session;
    });
    await said(removal());
    await gate.guard.sessions?.revoke(label);
    assert.match((await said(removal())).text, /"code":"stale"/);
  });

  test('R42 an answer is given to no session that was ended', async () => {
    answer = creates(10);
    const other = createWireClient({ ...parseTarget(gate.url), path: '/api/posts', query: '' }, '/', sender);
    assert.equal((await other.open()).opened, true);
    const fields = ['x-user', 'ann'];
    const request = other.sign({ method: 'POST', at: '/api/posts', fields, body, contentType: 'application/json' });
    let label = '';
    gate.guard.onDecision(({ session }) => {
      label = session;
    });
    await lost(request);
    await gate.guard.sessions?.revoke(label);
    assert.match((await said(request)).text, /"code":"stale"/);
  });
});

describe('a request that breaks off before all of it has come', () => {
  let running: Awaited<ReturnType<typeof started>>;

  before(async () => {
    running = await started(() => (message, response) => void message.resume().on('end', () => response.end('{}')), {
      routes: [{ match: 'POST /api/posts', level: 'site', schema: { body: { type: 'object' } } }],
    });
  });
  after(() => running?.close());

  const FIELDS = ['sec-fetch-site: same-origin', 'sec-fetch-mode: cors', 'x-requested-with: x'];
  for (const path of ['/_sallyport/enter', '/api/posts']) {
    for (const how of ['resetAndDestroy', 'destroy'] as const) {
      test(`P7.4 is not refused, for nobody is there: ${path}, ${how}`, async () => {
        const { gate, codes } = running;
        const head = [`POST ${path} HTTP/1.1`, `Host: ${new URL(gate.url).host}`, ...FIELDS];
        const whole = [...head, 'Content-Type: application/json', 'Content-Length: 2', '', ''].join('\r\n');
        const socket = connect(gate.address.port, '127.0.0.1');
        socket.on('error', () => {}).resume();
        socket.write(`${whole}{`);
        await until(() => gate.stats().requests === 1);
        socket[how]();
        await until(() => gate.stats().requests === 0);
        assert.deepEqual(codes, []);
        const again = connect(gate.address.port, '127.0.0.1');
        again.on('error', () => {}).resume();
        again.write(`${whole}{}`);
        await until(() => codes.length > 0);
        again.destroy();
        assert.notEqual(codes.splice(0)[0], 'too-large', 'what comes whole is judged');
        await until(() => gate.stats().requests === 0);
      });
    }
  }
});

describe('a call that is sent again by HTTP/2 because its answer was lost', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-repeats-'));
  let running: Awaited<ReturnType<typeof started>>;
  let sender: Sender;
  let heard = 0;
  const sessions: ClientHttp2Session[] = [];

  before(async () => {
    const created: Handler = (message, response) => {
      heard += 1;
      message.resume();
      response.writeHead(201, json).end('{"id":1}');
    };
    running = await started(() => created, { tls: { self: true, dir } });
  });
  after(async () => {
    for (const session of sessions) session.destroy();
    sender?.close();
    await running?.close();
    rmSync(dir, { recursive: true });
  });

  /** One request on a connection of its own: its status, and the connection below. */
  async function ask({ method, target, fields, body }: RawRequest): Promise<{ status: number; socket: Socket }> {
    const socket = connect(running.gate.address.port, '127.0.0.1');
    socket.on('error', () => {});
    const session = connectHttp2(running.gate.url, {
      createConnection: () => connectTls({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false }),
    });
    sessions.push(session);
    session.on('error', () => {});
    const headers: Record<string, string> = { ':method': method, ':path': target };
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const name = (fields[at] ?? '').toLowerCase();
      if (name === 'connection') continue;
      headers[name === 'host' ? ':authority' : name] = fields[at + 1] ?? '';
    }
    const stream = session.request(headers);
    const status = await new Promise<number>((resolve, reject) => {
      stream.on('response', (answer) => resolve(Number(answer[constants.HTTP2_HEADER_STATUS]))).on('error', reject);
      stream.resume().end(body ?? undefined);
    });
    return { status, socket };
  }

  test('R42 P7.4 gets the one answer that it has where the connection broke, and is refused while it stands', async () => {
    const target = parseTarget(running.gate.url);
    sender = createSender(target);
    const client = createWireClient({ ...target, path: '/api/posts', query: '' }, '/', sender);
    assert.equal((await client.open()).opened, true);
    const content = { body: Buffer.from('{}'), contentType: 'application/json' };
    const request = client.sign({ method: 'POST', at: '/api/posts', fields: ['x-user', 'ann'], ...content });
    const { status, socket } = await ask(request);
    assert.equal(status, 201);
    assert.equal((await ask(request)).status, 403, 'while it stands');
    const before = running.gate.stats().connections;
    socket.resetAndDestroy();
    await until(() => running.gate.stats().connections < before);
    assert.equal((await ask(request)).status, 201);
    assert.equal((await ask(request)).status, 403, 'once');
    assert.equal(heard, 1);
  });
});
