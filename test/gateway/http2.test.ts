import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Gate } from '../../src/gateway/gate.ts';
import type { Config } from '../../src/guard/config.ts';
import { CODE, codeIn, encodeFields, FLAG, FRAME, frame, get, headers, openHttp2, statusIn } from '../support/http2.ts';
import { sendRaw } from '../support/raw.ts';
import { type Backend, type GateOptions, startBackend, startTestGate, until } from './support.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-h2-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', ...names, '-days', '2'], {
    cwd: folder,
    stdio: 'pipe',
  });
});
after(() => rmSync(folder, { recursive: true }));

const ca = (): Buffer => readFileSync(join(folder, 'cert.pem'));

interface Both {
  readonly gate: Gate;
  readonly backend: Backend;
}

async function start(
  context: TestContext,
  listener: RequestListener,
  options: GateOptions = {},
  config: Config = {},
): Promise<Both> {
  const backend = await startBackend(context, listener);
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  return { gate: await startTestGate(context, { to: backend.url, tls, ...config }, options), backend };
}

function open(context: TestContext, gate: Gate): ClientHttp2Session {
  const session = connectHttp2(`https://localhost:${gate.address.port}`, { ca: ca() });
  session.on('error', () => {});
  context.after(() => session.destroy());
  return session;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function call(session: ClientHttp2Session, fields: Record<string, string | string[]>, body?: Buffer): Promise<Got> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/open', ...fields }, { endStream: body === undefined });
    let head: Record<string, string | string[] | undefined> = {};
    const chunks: Buffer[] = [];
    stream.on('response', (got) => {
      head = got as Record<string, string | string[] | undefined>; // numbers only in `:status`, read apart
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      const status = Number(head[':status'] ?? 0);
      if (stream.rstCode !== 0) reject(new Error(`reset with ${stream.rstCode}`));
      else resolve({ status, headers: head, body: Buffer.concat(chunks).toString('latin1') });
    });
    if (body !== undefined) stream.end(body);
  });
}

const linesOf = ({ rawHeaders }: IncomingMessage): [string, string][] =>
  rawHeaders.flatMap((text, index): [string, string][] =>
    index % 2 === 0 ? [[text.toLowerCase(), rawHeaders[index + 1] ?? '']] : [],
  );

describe('HTTP/2', () => {
  test('R3 TLS agrees on h2 where the client offers it, and on HTTP/1.1 else', async (context) => {
    const { gate } = await start(context, (_request, response) => response.end('ok'));
    const agreed = (ALPNProtocols: string[]): Promise<string | false | null> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: gate.address.port, host: '127.0.0.1', ca: ca(), ALPNProtocols });
        socket.on('error', reject).on('secureConnect', () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
      });
    assert.equal(await agreed(['h2', 'http/1.1']), 'h2');
    assert.equal(await agreed(['http/1.1', 'h2']), 'h2');
    assert.equal(await agreed(['http/1.1']), 'http/1.1');
    const got = await new Promise<string>((resolve, reject) => {
      httpsRequest(`https://localhost:${gate.address.port}/open`, { ca: ca(), agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    assert.equal(got, 'ok');
  });

  test('R3 the backend gets what HTTP/1.1 would have brought: Host, one Cookie line, no pseudo fields', async (context) => {
    let seen: IncomingMessage | null = null;
    const { gate } = await start(context, (request, response) => {
      seen = request;
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.setHeader('Connection', 'keep-alive');
      response.end('hello');
    });
    const session = open(context, gate);
    const got = await call(session, { ':path': '/open?x=1', cookie: ['one=1', 'two=2'], te: 'trailers', 'x-a': 'b' });
    assert.equal(got.status, 200);
    assert.equal(got.body, 'hello');
    assert.deepEqual(got.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(got.headers['connection'], undefined);
    assert.equal(got.headers['keep-alive'], undefined);
    assert.ok(seen !== null);
    const lines = linesOf(seen);
    assert.deepEqual(
      lines.filter(([name]) => name === 'cookie' || name === 'host' || name === 'x-a' || name === 'te'),
      [
        ['host', `localhost:${gate.address.port}`],
        ['x-a', 'b'],
        ['cookie', 'one=1; two=2'],
      ],
    );
    assert.equal((seen as IncomingMessage).url, '/open?x=1');
    assert.equal(
      lines.some(([name]) => name.startsWith(':')),
      false,
    );
    assert.deepEqual(lines.find(([name]) => name === 'x-forwarded-proto')?.[1], 'https');
  });

  test('answers to HEAD, 204 and 304 have no content; 5xx and long answers arrive whole', async (context) => {
    const long = 'x'.repeat(3_000_000);
    const { gate } = await start(context, (request, response) => {
      if (request.url === '/open/204') response.writeHead(204).end();
      else if (request.url === '/open/304') response.writeHead(304, { ETag: '"a"' }).end();
      else if (request.url === '/open/503') response.writeHead(503).end('busy');
      else response.end(long);
    });
    const session = open(context, gate);
    assert.equal((await call(session, { ':path': '/open', ':method': 'HEAD' })).body, '');
    assert.equal((await call(session, { ':path': '/open/204' })).status, 204);
    assert.equal((await call(session, { ':path': '/open/304' })).status, 304);
    const busy = await call(session, { ':path': '/open/503' });
    assert.deepEqual([busy.status, busy.body], [503, 'busy']);
    assert.equal((await call(session, {})).body.length, long.length);
  });

  test('field values cross byte for byte both ways, and a status that HTTP/2 cannot say is the backend’s fault', async (context) => {
    const { gate } = await start(context, (request, response) => {
      if (request.url === '/open/status') {
        response.writeHead(799).end('odd');
        return;
      }
      // As node:http has it: one character for each byte.
      response.setHeader('x-back', String(request.headers['x-there'] ?? ''));
      response.end();
    });
    const link = await openHttp2(gate.address.port);
    context.after(() => link.socket.destroy());
    const bytes = 'caf\xe9 \xc3\xbc \xff';
    link.send(headers(1, [...get('/open', `localhost:${gate.address.port}`), 'x-there', bytes]));
    const answer = await link.wait(({ stream, type }) => stream === 1 && type === FRAME.headers);
    // node's encoder leaves bytes beyond ASCII without Huffman, whose codes for them are longer.
    assert.ok(answer?.payload.includes(Buffer.from(bytes, 'latin1')) === true, answer?.payload.toString('latin1'));
    const session = open(context, gate);
    assert.equal((await call(session, { ':path': '/open/status' })).status, 502);
    assert.equal((await call(session, {})).status, 200);
  });

  test('bodies arrive whole with and without a length, small and large', async (context) => {
    const { gate } = await start(context, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => response.end(`${request.method} ${Buffer.concat(chunks).length}`));
    });
    const session = open(context, gate);
    for (const size of [0, 1, 1000, 100_000, 3_000_000]) {
      const body = Buffer.alloc(size, 'x');
      assert.equal((await call(session, { ':method': 'POST' }, body)).body, `POST ${size}`);
      const length = { ':method': 'POST', 'content-length': String(size) };
      assert.equal((await call(session, length, body)).body, `POST ${size}`);
    }
  });

  test('a client that waits for 100 Continue is told to go on', async (context) => {
    const { gate } = await start(context, (request, response) => {
      request.resume().on('end', () => response.end('got it'));
    });
    const session = open(context, gate);
    const stream = session.request(
      { ':path': '/open', ':method': 'POST', expect: '100-continue' },
      { endStream: false },
    );
    await new Promise<void>((resolve) => stream.on('continue', () => resolve()));
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    stream.end('body');
    await new Promise<void>((resolve) => stream.on('end', () => resolve()));
    assert.equal(text, 'got it');
  });

  test('a stream of events arrives as it is sent, and its end at the client frees the backend', async (context) => {
    let gone = false;
    const { gate } = await start(context, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      response.on('close', () => {
        gone = true;
      });
    });
    const session = open(context, gate);
    const stream = session.request({ ':path': '/open/events', accept: 'text/event-stream' });
    const first = await new Promise<string>((resolve) => stream.setEncoding('utf8').once('data', resolve));
    assert.equal(first, 'data: 1\n\n');
    assert.equal(gate.stats().requests, 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => gone && gate.stats().requests === 0);
    assert.equal(session.destroyed, false);
  });

  test('an upload that the client breaks off ends at the backend too', async (context) => {
    const ended: boolean[] = [];
    const { gate } = await start(context, (request) => {
      request.resume().on('close', () => ended.push(request.complete));
    });
    const session = open(context, gate);
    const stream = session.request({ ':path': '/open', ':method': 'POST' }, { endStream: false });
    stream.on('error', () => {});
    stream.write(Buffer.alloc(200_000));
    await until(() => gate.stats().requests === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => ended.length === 1 && gate.stats().requests === 0);
    assert.deepEqual(ended, [false]);
  });

  test('a backend that does not read slows the client down; one that breaks off resets the stream alone', async (context) => {
    const broken: (() => void)[] = [];
    const { gate } = await start(context, (request, response) => {
      if (request.url === '/open/slow') return;
      if (request.url === '/open/broken') response.writeHead(200, { 'Content-Length': '100' });
      response.write('some');
      broken.push(() => response.destroy());
    });
    const session = open(context, gate);
    const stream = session.request({ ':path': '/open/slow', ':method': 'POST' }, { endStream: false });
    stream.on('error', () => {});
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const push = (): void => {
      // Bounded, so that a gate without back-pressure fails here and not at the end of memory.
      while (sent < 200_000_000 && stream.write(chunk, () => (sent += chunk.length)))
        if (stream.writableNeedDrain) break;
    };
    stream.on('drain', push);
    push();
    for (const path of ['/open/broken', '/open/endless']) {
      const torn = assert.rejects(call(session, { ':path': path }), /INTERNAL_ERROR|reset with 2/);
      await until(() => broken.length === 1);
      broken.pop()?.();
      await torn;
    }
    assert.ok(sent < 50_000_000, `${sent} bytes were taken for a backend that reads nothing`);
    assert.equal(session.destroyed, false);
    stream.close(constants.NGHTTP2_CANCEL);
  });

  test('100 calls at once are all answered on one connection', async (context) => {
    const { gate } = await start(context, (request, response) => response.end(request.url));
    const session = open(context, gate);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) => call(session, { ':path': `/open/${index}` })),
    );
    assert.deepEqual(
      all.map(({ body }) => body),
      Array.from({ length: 100 }, (_, index) => `/open/${index}`),
    );
    assert.equal(gate.stats().connections, 1);
  });

  test('a stop finishes what is under way and turns away what comes later', async (context) => {
    const held: (() => void)[] = [];
    const { gate } = await start(context, (_request, response) => {
      held.push(() => response.end('finished'));
    });
    const session = open(context, gate);
    const goaway = new Promise<number>((resolve) => session.once('goaway', (code) => resolve(code)));
    const first = call(session, {});
    await until(() => held.length === 1);
    const closing = gate.close({ graceMs: 10_000 });
    assert.equal(await goaway, constants.NGHTTP2_NO_ERROR);
    held[0]?.();
    assert.equal((await first).body, 'finished');
    await closing;
    await until(() => session.closed);
  });
});

interface Load {
  answered: number;
  readonly failed: string[];
  stop(): Promise<void>;
}

/**
 * Calls one after the other on four connections. As in browsers, a connection that was told to end is followed by another,
 * and a request that GOAWAY says nobody has looked at is sent again (RFC 9113 §8.7).
 */
function load(url: string): Load {
  const failed: string[] = [];
  let stopped = false;
  const tally = { answered: 0, failed, stop: async () => {} };
  const work = async (): Promise<void> => {
    let session: ClientHttp2Session | null = null;
    while (!stopped) {
      if (session === null || session.closed || session.destroyed) {
        session = connectHttp2(url, { rejectUnauthorized: false });
        session.on('error', (error) => failed.push(String(error)));
      }
      try {
        const { status } = await call(session, { ':path': '/' });
        if (status === 200) tally.answered += 1;
        else failed.push(String(status));
      } catch (error) {
        if (!/REFUSED_STREAM/.test(String(error))) failed.push(String(error));
      }
    }
    session?.destroy();
  };
  const workers = Array.from({ length: 4 }, work);
  tally.stop = async () => {
    stopped = true;
    await Promise.all(workers);
  };
  return tally;
}

test('SIGUSR2 under load by HTTP/2: a new process takes over, the old one says GOAWAY, no request is lost', async (context) => {
  const backend = await startBackend(context, (_request, response) => setTimeout(() => response.end('ok'), 5));
  const script = fileURLToPath(new URL('programs/gate.ts', import.meta.url));
  const dir = join(folder, 'kept');
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', script, backend.url, '127.0.0.1:0', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ready = (): RegExpExecArray[] => [...said.matchAll(/^ready (\S+) (\d+)/gm)];
  context.after(() => {
    child.kill('SIGKILL');
    for (const [, , pid] of ready()) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself, as it should.
      }
    }
  });
  await until(() => ready().length === 1);
  const loading = load((ready()[0]?.[1] ?? '').replace('127.0.0.1', 'localhost'));
  await until(() => loading.answered > 50);
  const pid = Number(ready()[0]?.[2]);
  process.kill(pid, 'SIGUSR2');
  await until(() => said.includes(`stopped ${pid}`));
  const seen = loading.answered;
  await until(() => loading.answered > seen + 50 || loading.failed.length > 0);
  await loading.stop();
  assert.deepEqual(loading.failed, []);
  assert.equal(ready().length, 2);
});

describe('R3 what RFC 9113 forbids in a request', () => {
  const bad: [string, string[]][] = [
    ['Connection', ['connection', 'close']],
    ['Keep-Alive', ['keep-alive', 'timeout=5']],
    ['Proxy-Connection', ['proxy-connection', 'keep-alive']],
    ['Transfer-Encoding', ['transfer-encoding', 'chunked']],
    ['Upgrade', ['upgrade', 'h2c']],
    ['HTTP2-Settings', ['http2-settings', 'AAMAAABk']],
    ['TE other than trailers', ['te', 'gzip']],
    ['an upper-case name', ['X-Upper', 'a']],
    ['an unknown pseudo field', [':admin', '1']],
    ['a pseudo field behind a field', [':path', '/other']],
    ['another host than :authority', ['host', 'evil.example']],
    ['two hosts', ['host', 'localhost', 'host', 'localhost']],
    ['a length that is none', ['content-length', '1x']],
    ['two lengths', ['content-length', '0', 'content-length', '0']],
  ];
  for (const [what, fields] of bad) {
    test(`R3 ${what} is refused and not forwarded`, async (context) => {
      let forwarded = 0;
      const { gate } = await start(context, (_request, response) => {
        forwarded++;
        response.end('ok');
      });
      const link = await openHttp2(gate.address.port);
      context.after(() => link.socket.destroy());
      link.send(headers(1, [...get('/open', `localhost:${gate.address.port}`), ...fields]));
      const answer = await link.wait(({ stream, type }) => stream === 1 || type === FRAME.goaway);
      if (answer?.type === FRAME.headers) assert.equal(statusIn(answer), 400);
      else assert.ok(answer === null || codeIn(answer) !== CODE.none);
      assert.equal(forwarded, 0);
    });
  }

  // Node's parser drops these fields by itself and tells nobody: the request arrives as if they had not been sent.
  const dropped: [string, string[]][] = [
    ['a line break in a value', ['x-a', 'a\r\nx-admin: 1']],
    ['a bare line feed in a value', ['x-a', 'a\nx-admin: 1']],
    ['a NUL in a value', ['x-a', 'a\0x-admin']],
    ['a line break in a name', ['x-a\r\nx-admin', '1']],
    ['a space in a name', ['x-a x-admin', '1']],
  ];
  for (const [what, fields] of dropped) {
    test(`R3 a field with ${what} reaches nobody`, async (context) => {
      const seen: string[] = [];
      const { gate } = await start(context, (request, response) => {
        seen.push(...request.rawHeaders);
        response.end('ok');
      });
      const link = await openHttp2(gate.address.port);
      context.after(() => link.socket.destroy());
      link.send(headers(1, [...get('/open', `localhost:${gate.address.port}`), ...fields]));
      const answer = await link.wait(({ stream, type }) => stream === 1 || type === FRAME.goaway);
      assert.ok(answer !== null);
      assert.equal(
        seen.some((text) => /x-a|admin/.test(text)),
        false,
      );
    });
  }

  const pseudo: [string, string[]][] = [
    ['no method', [':scheme', 'https', ':authority', 'localhost', ':path', '/open']],
    ['an empty path', [':method', 'GET', ':scheme', 'https', ':authority', 'localhost', ':path', '']],
    ['an absolute path', [':method', 'GET', ':scheme', 'https', ':authority', 'localhost', ':path', 'http://b/open']],
    ['CONNECT', [':method', 'CONNECT', ':authority', 'localhost:22']],
    ['another scheme', [':method', 'GET', ':scheme', 'http', ':authority', 'localhost', ':path', '/open']],
    ['a user in the authority', [':method', 'GET', ':scheme', 'https', ':authority', 'a@localhost', ':path', '/open']],
    ['two paths', [':method', 'GET', ':scheme', 'https', ':path', '/open', ':path', '/api', ':authority', 'localhost']],
    ['a line break in the path', [':method', 'GET', ':scheme', 'https', ':authority', 'l', ':path', '/a\r\nX: 1']],
    ['a space in the path', [':method', 'GET', ':scheme', 'https', ':authority', 'l', ':path', '/a HTTP/1.1']],
  ];
  for (const [what, fields] of pseudo) {
    test(`R3 R10 ${what} is refused and not forwarded`, async (context) => {
      let forwarded = 0;
      const { gate } = await start(context, (_request, response) => {
        forwarded++;
        response.end('ok');
      });
      const link = await openHttp2(gate.address.port);
      context.after(() => link.socket.destroy());
      link.send(headers(1, fields));
      const answer = await link.wait(({ stream, type }) => stream === 1 || type === FRAME.goaway);
      if (answer?.type === FRAME.headers) assert.equal(statusIn(answer), 400);
      else assert.ok(answer === null || codeIn(answer) !== CODE.none);
      assert.equal(forwarded, 0);
    });
  }

  test('R3 the same Host beside :authority is fine', async (context) => {
    const { gate } = await start(context, (_request, response) => response.end('ok'));
    const link = await openHttp2(gate.address.port);
    context.after(() => link.socket.destroy());
    const name = `localhost:${gate.address.port}`;
    link.send(headers(1, [...get('/open', name), 'host', name, 'te', 'trailers']));
    const answer = await link.wait(({ stream, type }) => stream === 1 && type === FRAME.headers);
    assert.ok(answer !== null);
    assert.equal(statusIn(answer), 200);
  });
});

describe('floods end their connection', () => {
  const silent: RequestListener = () => {};

  test('streams that are opened only to be reset (CVE-2023-44487)', async (context) => {
    let forwarded = 0;
    const { gate } = await start(context, () => {
      forwarded++;
    });
    const link = await openHttp2(gate.address.port);
    const cancel = Buffer.from([0, 0, 0, CODE.cancel]);
    for (let id = 1; id < 4_000; id += 2) link.send(headers(id, get()), frame(FRAME.reset, 0, id, cancel));
    const goaway = await link.wait(({ type }) => type === FRAME.goaway);
    await link.closed;
    assert.ok(goaway === null || codeIn(goaway) !== CODE.none);
    assert.ok(forwarded <= 1_000, `${forwarded} were forwarded`);
    await until(() => gate.stats().requests === 0 && gate.stats().connections === 0);
  });

  test('more streams than agreed are refused one by one', async (context) => {
    const { gate } = await start(context, silent);
    const link = await openHttp2(gate.address.port);
    context.after(() => link.socket.destroy());
    await link.wait(({ type, flags }) => type === FRAME.settings && flags === FLAG.ack);
    for (let id = 1; id <= 2 * 140; id += 2) link.send(headers(id, get()));
    const refused = await link.wait(({ type }) => type === FRAME.reset || type === FRAME.goaway);
    assert.ok(refused !== null);
    assert.notEqual(codeIn(refused), CODE.none);
    await until(() => gate.stats().requests <= 128);
  });

  test('a head without end (CVE-2024-27316)', async (context) => {
    const { gate } = await start(context, silent);
    const link = await openHttp2(gate.address.port);
    link.send(headers(1, get(), FLAG.endStream));
    const piece = frame(FRAME.continuation, 0, 1, encodeFields(['x-a', 'b'.repeat(1000)]));
    for (let index = 0; index < 200; index++) link.send(piece);
    await link.closed;
    assert.equal(gate.stats().requests, 0);
  });

  test('a head of too many lines or bytes', async (context) => {
    const { gate } = await start(context, silent);
    for (const fields of [
      Array.from({ length: 600 }, () => 'x'),
      ['x-a', 'b'.repeat(15_000), 'x-b', 'b'.repeat(30_000)],
    ]) {
      const link = await openHttp2(gate.address.port);
      context.after(() => link.socket.destroy());
      const block = encodeFields([...get(), ...fields]);
      link.send(frame(FRAME.headers, FLAG.endStream, 1, block.subarray(0, 16_000)));
      for (let at = 16_000; at < block.length; at += 16_000) {
        const last = at + 16_000 >= block.length;
        link.send(frame(FRAME.continuation, last ? FLAG.endHeaders : 0, 1, block.subarray(at, at + 16_000)));
      }
      if (block.length <= 16_000) link.send(frame(FRAME.continuation, FLAG.endHeaders, 1));
      const answer = await link.wait(({ type, stream }) => stream === 1 || type === FRAME.goaway);
      if (answer?.type === FRAME.headers) assert.notEqual(statusIn(answer), 200);
    }
    assert.equal(gate.stats().requests, 0);
  });

  for (const [what, type, payload] of [
    ['pings', FRAME.ping, Buffer.alloc(8)],
    ['settings', FRAME.settings, Buffer.alloc(0)],
  ] as const) {
    test(`${what} without end (CVE-2019-9512, CVE-2019-9515)`, async (context) => {
      const { gate } = await start(context, silent);
      const link = await openHttp2(gate.address.port);
      for (let index = 0; index < 2_000; index++) link.send(frame(type, 0, 0, payload));
      await link.closed;
      await until(() => gate.stats().connections === 0);
    });
  }
});

describe('R3 without TLS there is no HTTP/2', () => {
  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0';
  const UPGRADE =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n';

  test('R3 the preface of prior knowledge is refused and nothing is forwarded', async (context) => {
    let forwarded = 0;
    const backend = await startBackend(context, (_request, response) => {
      forwarded++;
      response.end('ok');
    });
    const gate = await startTestGate(context, { to: backend.url });
    assert.equal((await sendRaw(gate.address.port, PREFACE)).status, 400);
    assert.equal(forwarded, 0);
  });

  test('R3 an offer to upgrade is neither taken nor passed on', async (context) => {
    let seen: string[] = [];
    const backend = await startBackend(context, (request, response) => {
      seen = request.rawHeaders.map((text) => text.toLowerCase());
      response.end('ok');
    });
    const gate = await startTestGate(context, { to: backend.url });
    const { status } = await sendRaw(gate.address.port, UPGRADE);
    assert.equal(status, 200);
    assert.equal(seen.includes('upgrade') || seen.includes('http2-settings'), false);
  });
});
