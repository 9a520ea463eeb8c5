import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createNodeHandler } from '../../src/adapters/node.ts';
import type { Next } from '../../src/adapters/node.ts';
import { IncomingBody } from '../../src/adapters/node/body.ts';
import type { Decision } from '../../src/guard/decision.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { createGuard } from '../../src/index.ts';
import { stubGuard, wholeDigest } from '../gateway/support.ts';

type Decide = (view: RequestView) => Partial<Decision> | Promise<Partial<Decision>>;

/** A node:http server behind the middleware; returns its port. */
async function serve(context: TestContext, decide: Decide, next: Next): Promise<number> {
  const guard = stubGuard({ mode: 'enforce' }, { decide });
  const server = createServer(createNodeHandler(guard, next));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function read(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('close', () => resolve(text));
  });
}

test('the view holds the target as sent, its parts, and every field once with repeats noted', async (context) => {
  let view: RequestView | null = null;
  const port = await serve(
    context,
    (seen) => {
      view = seen;
      return {};
    },
    (_request, response) => void response.end(),
  );
  await raw(
    port,
    'GET /A/%62?x=1?y HTTP/1.1\r\nHost: App.Example:81\r\nORIGIN: https://a.example\r\nOrigin: https://b.example\r\ncookie: a=1\r\nX-Other: 1\r\nX-Other: 2\r\nConnection: close\r\n\r\n',
  );
  assert.ok(view);
  const { method, target, path, query, folded, authority, secure, headers, repeated, fields } = view as RequestView;
  assert.deepEqual(
    { method, target, path, query, folded, authority, secure },
    {
      method: 'GET',
      target: '/A/%62?x=1?y',
      path: '/A/%62',
      query: '?x=1?y',
      folded: '/a/b',
      authority: 'app.example:81',
      secure: false,
    },
  );
  assert.equal(headers.origin, 'https://a.example');
  assert.equal(headers.cookie, 'a=1');
  assert.deepEqual(repeated, ['origin']);
  assert.equal(fields.filter((field) => field === 'X-Other').length, 2);
});

test('a repeated field counts even when its first value is empty', async (context) => {
  let repeated: readonly string[] = [];
  const port = await serve(
    context,
    (view) => {
      ({ repeated } = view);
      return {};
    },
    (_request, response) => void response.end(),
  );
  await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nSignature:\r\nsignature: x\r\nConnection: close\r\n\r\n');
  assert.deepEqual(repeated, ['signature']);
});

test('an app behind the middleware reads a body that the guard has read', async (context) => {
  const port = await serve(
    context,
    async (view) => ({ body: await view.body.collect(1024) }),
    async (request, response) => void response.end(`app read ${await read(request)}`),
  );
  for (const body of ['x', 'hello', 'y'.repeat(1000)]) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/x`, { method: 'POST', body });
    assert.equal(await answer.text(), `app read ${body}`);
  }
});

test('a body that arrives in pieces is collected whole', async (context) => {
  const port = await serve(
    context,
    async (view) => ({ body: await view.body.collect(1024) }),
    async (request, response) => void response.end(`app read ${await read(request)}`),
  );
  const text = await new Promise<string>((resolve) => {
    const request = httpRequest({ port, method: 'POST', headers: { 'Content-Length': 6 } }, (response) =>
      resolve(read(response)),
    );
    request.write('one');
    setTimeout(() => request.end('two'), 20);
  });
  assert.equal(text, 'app read onetwo');
});

test('P7.1 a body that comes slowly is waited for as long as some of it comes, and no longer than four minutes', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const begin = () => {
    // Platform edge: of a request, only the stream is used here.
    const stream = new PassThrough() as unknown as IncomingMessage & PassThrough;
    return { stream, body: new IncomingBody(stream, null, 100, false).collect(100) };
  };
  const slow = begin();
  for (let sent = 0; sent < 100; sent += 20) {
    slow.stream.write('x'.repeat(20));
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(29_000);
  }
  assert.equal((await slow.body)?.length, 100);
  const silent = begin();
  context.mock.timers.tick(30_000);
  await assert.rejects(silent.body);
  const endless = begin();
  for (let look = 0; look < 8; look += 1) {
    endless.stream.write('x');
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(30_000);
  }
  await assert.rejects(endless.body);
});

test('a body longer than the guard would hold is not read at all', async (context) => {
  let collected: Uint8Array | null = new Uint8Array();
  const port = await serve(
    context,
    async (view) => {
      collected = await view.body.collect(4);
      return {};
    },
    async (request, response) => void response.end(`app read ${await read(request)}`),
  );
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'hello' });
  assert.equal(collected, null);
  assert.equal(await answer.text(), 'app read hello');
});

for (const [who, isOurs] of Object.entries({ 'node says': false, 'the guard says, where the owner listens': true })) {
  test(`a client that waits is told to go on once: ${who}`, async (context) => {
    const handle = createNodeHandler(
      stubGuard({ mode: 'enforce' }, { decide: async (view) => ({ body: await view.body.collect(100) }) }),
      async (request, response) => void response.end(`app read ${await read(request)}`),
    );
    const server = createServer(handle);
    if (isOurs) server.on('checkContinue', handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // bound to TCP above
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    socket.write(head);
    let text = '';
    socket.on('data', (chunk) => {
      // Sent when asked for, as a client does that waits.
      if (text === '') socket.write('ab');
      text += String(chunk);
    });
    await once(socket, 'close');
    assert.match(text, /app read ab/);
    assert.equal(text.match(/100 Continue/g)?.length, 1, text);
  });
}

test('a body that the guard has read is there for an app that listens for its pieces, as frameworks do', async (context) => {
  const body = Buffer.from('read twice');
  const port = await serve(
    context,
    async (view) => ({ body: await view.body.collect(100) }),
    (request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => response.end(Buffer.concat(pieces)));
    },
  );
  const signal = AbortSignal.timeout(10_000);
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, signal });
  assert.equal(await answer.text(), 'read twice');
});

test('R40 a streamed body that fits its digest reaches the app; the last bytes of one that does not never do', async (context) => {
  const body = Buffer.alloc(300_000, 'b');
  const seen: number[] = [];
  let digest = wholeDigest(body);
  const port = await serve(
    context,
    () => ({ streamDigest: digest }),
    async (request, response) => {
      let bytes = 0;
      try {
        for await (const chunk of request) bytes += (chunk as Buffer).length;
        response.end(String(bytes));
      } finally {
        seen.push(bytes);
      }
    },
  );
  const send = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
  assert.equal(await (await send()).text(), '300000');
  digest = wholeDigest(Buffer.from('another'));
  await assert.rejects(send());
  assert.equal(seen.length, 2);
  assert.ok((seen[1] ?? 0) < body.length);
});

test('a refusal is an answer of its own, and what the client still sends is thrown away within bounds', async (context) => {
  let reached = 0;
  const port = await serve(
    context,
    () => ({ outcome: 'refuse', code: 'site', layer: 'site' }),
    (_request, response) => {
      reached += 1;
      response.end();
    },
  );
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: Buffer.alloc(2_000_000) });
  assert.equal(answer.status, 403);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.ok(answer.headers.get('date'));
  assert.equal(reached, 0);
});

test('the guard’s own addresses are answered by the guard; its fields are added to the app’s answers', async (context) => {
  const port = await serve(
    context,
    () => ({ responseFields: ['Vary', 'Origin', 'Access-Control-Allow-Origin', 'https://a.example'] }),
    (_request, response) => {
      response.appendHeader('Vary', 'Accept');
      response.end('app');
    },
  );
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/_sallyport/x`)).text(), 'own');
  const answer = await fetch(`http://127.0.0.1:${port}/x`);
  assert.equal(answer.headers.get('vary'), 'Origin, Accept');
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://a.example');
});

test('R8 an app behind the middleware is asked for no other method or target than was judged', async (context) => {
  let seen: unknown[] = [];
  const port = await serve(
    context,
    () => ({}),
    (request, response) => {
      const { headers, headersDistinct, rawHeaders } = request;
      const names = [...Object.keys(headers), ...Object.keys(headersDistinct), ...rawHeaders];
      seen = [
        ...names.filter((name) => /override|original|rewrite|assertion|script|info|root/i.test(name)),
        headers['x-own'],
      ];
      response.end();
    },
  );
  const forged = ['X-HTTP-Method-Override: DELETE', 'X_HTTP_Method: DELETE', 'x-original-url: /api/secret'];
  forged.push('SCRIPT_NAME: /api', 'Path-Info: /api/secret', 'Daphne-Root-Path: /api');
  const lines = [...forged, 'X.Rewrite.URL: /api/secret', 'Sallyport-Assertion: a', 'X-Own: kept', 'Connection: close'];
  await raw(port, `POST /api/hook HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  assert.deepEqual(seen, ['kept']);
});

test('R18 behind the middleware, too, an answer is broken off once what it was admitted by has ended', async (context) => {
  const guard = await createGuard({
    mode: 'enforce',
    login: { identify: ({ header }) => (known.has(header('x-user')) ? { id: header('x-user') } : null) },
    routes: [{ match: 'GET /api/feed', level: 'open', user: true, carriers: ['stream'] }],
    public: 'http://localhost',
  });
  const known = new Set(['ann', 'ben']);
  const feeds = new Map<string, ServerResponse>();
  const server = createServer(
    createNodeHandler(guard, (request, response) => {
      feeds.set(String(request.headers['x-user']), response.writeHead(200));
      response.write('first ');
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await guard.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = (name: string) =>
    new Promise<{ text: Promise<string> }>((resolve) => {
      const headers = { host: 'localhost', 'x-user': name };
      httpRequest({ port, path: '/api/feed', headers }, (response) => resolve({ text: read(response) })).end();
    });
  const [anns, bens] = [await open('ann'), await open('ben')];
  known.delete('ann');
  await assert.rejects(anns.text, /aborted/);
  feeds.get('ben')?.end('last');
  assert.equal(await bens.text, 'first last');
  feeds.get('ann')?.write('an app that goes on harms nobody');
});
