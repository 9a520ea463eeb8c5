import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import type { Config } from '../../src/guard/config.ts';
import type { ServedWatch } from '../../src/guard/served-watch.ts';
import { openRaw, startBackend, startTestGate, stubGuard, until } from './support.ts';

test('a request and its answer cross the gate unchanged', async (context) => {
  let seen = '';
  const backend = await startBackend(context, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen = `${request.method} ${request.url} ${request.headers['content-type']} ${body}`;
      response.writeHead(201, 'Made', { 'X-Own': 'kept', 'Content-Type': 'application/json' });
      response.end('{"ok":true}');
    });
  });
  const gate = await startTestGate(context, { to: backend.url });
  const answer = await fetch(`${gate.url}/things?a=%41&b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.statusText, 'Made');
  assert.equal(answer.headers.get('x-own'), 'kept');
  assert.equal(await answer.text(), '{"ok":true}');
  assert.equal(seen, 'POST /things?a=%41&b application/json {"a":1}');
});

test('R12 the target is forwarded byte for byte', async (context) => {
  const seen: string[] = [];
  const backend = await startBackend(context, (request, response) => {
    seen.push(request.url ?? '');
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url });
  const targets = ['/a?', '/a', '//a//b', '/%7Ea;p=1/./x', '/a%2Fb?x=%zz&y=+', '/a/../b?\'"', '/A?a=1&a=2&&'];
  const raw = openRaw(context, gate);
  for (const target of targets) {
    raw.socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1');
    const count = seen.length + 1;
    await until(() => seen.length >= count);
  }
  assert.deepEqual(seen, targets);
});

test('a client that leaves before the answer frees the connection to the backend', async (context) => {
  let left = 0;
  const backend = await startBackend(context, (_request, response) => {
    response.on('close', () => {
      left += 1;
    });
    response.writeHead(200);
    response.write('begun');
  });
  const gate = await startTestGate(context, { to: backend.url });
  for (let i = 0; i < 40; i += 1) {
    const raw = openRaw(context, gate);
    raw.socket.write('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await raw.until(/begun/);
    raw.socket.destroy();
  }
  await until(() => left === 40);
  await until(() => gate.stats().requests === 0);
});

test('a client that leaves before the backend has answered at all frees it too', async (context) => {
  let begun = 0;
  let left = 0;
  const backend = await startBackend(context, (request) => {
    begun += 1;
    request.on('close', () => {
      left += 1;
    });
  });
  const gate = await startTestGate(context, { to: backend.url });
  const request = httpRequest(`${gate.url}/x`).on('error', () => {});
  request.end();
  await until(() => begun === 1);
  request.destroy();
  await until(() => left === 1);
});

test('a backend that is down: 502 as problem+json with a code, and the gate lives', async (context) => {
  const backend = await startBackend(context, (_request, response) => response.end('back'));
  const gate = await startTestGate(context, { to: backend.url });
  backend.server.close();
  backend.server.closeAllConnections();
  const answer = await fetch(`${gate.url}/x`);
  assert.equal(answer.status, 502);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem = (await answer.json()) as { code: string };
  assert.equal(problem.code, 'upstream');
  assert.equal((await fetch(`${gate.url}/_sallyport/health`)).status, 200);
});

test('a backend that does not answer in time: 504 with a code', async (context) => {
  const backend = await startBackend(context, () => {});
  const gate = await startTestGate(context, { to: backend.url, upstream: { timeout: 50 } });
  const answer = await fetch(`${gate.url}/x`);
  assert.equal(answer.status, 504);
  assert.equal(((await answer.json()) as { code: string }).code, 'upstream-timeout');
});

test('an answer that breaks off is seen to break off', async (context) => {
  const backend = await startBackend(context, (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  const gate = await startTestGate(context, { to: backend.url });
  await assert.rejects(async () => (await fetch(`${gate.url}/x`)).text());
});

test('P2.4 server-sent events pass one by one, unmerged, with the fields that keep proxies from buffering', async (context) => {
  let emit: (text: string) => void = () => {};
  const backend = await startBackend(context, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    emit = (text) => void response.write(text);
  });
  const gate = await startTestGate(context, { to: backend.url, protect: ['/api/**'] });
  const answer = await fetch(`${gate.url}/api/feed`);
  assert.equal(answer.headers.get('x-accel-buffering'), 'no');
  assert.equal(answer.headers.get('cache-control'), 'no-cache, no-transform');
  const reader = answer.body?.getReader();
  assert.ok(reader);
  for (const text of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
    emit(text);
    const { value } = await reader.read();
    assert.equal(Buffer.from(value ?? []).toString(), text);
  }
  await reader.cancel();
});

test('more open streams than shared connections hold nothing up', async (context) => {
  const backend = await startBackend(context, (request, response) => {
    if (request.url === '/fast') response.end('fast');
    else response.writeHead(200).write('x');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const streams = await Promise.all(Array.from({ length: 60 }, (_, i) => fetch(`${gate.url}/slow${i}`)));
  assert.equal(await (await fetch(`${gate.url}/fast`)).text(), 'fast');
  await Promise.all(streams.map((stream) => stream.body?.cancel()));
});

test('HEAD, 204 and 304 carry no body and keep their fields', async (context) => {
  const backend = await startBackend(context, (request, response) => {
    if (request.url === '/204') response.writeHead(204).end();
    else if (request.url === '/304') response.writeHead(304, { ETag: '"x"' }).end();
    else
      response
        .writeHead(200, { 'Content-Length': '5', ETag: '"x"' })
        .end(request.method === 'HEAD' ? undefined : 'hello');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const head = await fetch(`${gate.url}/x`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '5');
  assert.equal((await fetch(`${gate.url}/204`)).status, 204);
  const unchanged = await fetch(`${gate.url}/304`);
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.headers.get('etag'), '"x"');
});

test('ranges pass both ways', async (context) => {
  const backend = await startBackend(context, (request, response) => {
    assert.equal(request.headers.range, 'bytes=2-4');
    response.writeHead(206, { 'Content-Range': 'bytes 2-4/10', 'Content-Length': '3' }).end('cde');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const answer = await fetch(`${gate.url}/file`, { headers: { range: 'bytes=2-4' } });
  assert.equal(answer.status, 206);
  assert.equal(answer.headers.get('content-range'), 'bytes 2-4/10');
  assert.equal(await answer.text(), 'cde');
});

/** Notes what each chunk gives where that takes a turn of the loop: in state that is elsewhere. */
const NOTED_ELSEWHERE: ServedWatch = {
  takes: () => true,
  reader: () => ({ read: () => new Promise((resolve) => setImmediate(resolve)) }),
};

for (const { how, watch } of [
  { how: '', watch: {} },
  { how: ', where each chunk is read first, too', watch: { serves: NOTED_ELSEWHERE } },
]) {
  test(`a slow reader slows the backend instead of filling memory${how}`, async (context) => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const total = 1024;
    const backend = await startBackend(context, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const pump = (): void => {
        while (written < total) {
          written += 1;
          if (!response.write(chunk)) {
            response.once('drain', pump);
            return;
          }
        }
        response.end();
      };
      pump();
    });
    const createGuard = (config: Config) => Object.assign(stubGuard(config), watch);
    const gate = await startTestGate(context, { to: backend.url }, { parts: { createGuard } });
    const raw = openRaw(context, gate);
    raw.socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await raw.until(/\r\n\r\n/);
    raw.socket.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(written < total / 2, `the backend was let write ${written} of ${total} chunks`);
    raw.socket.resume();
    await until(() => written === total);
  });
}

test('an HTTP/1.0 client gets an answer without chunks and a closed connection', async (context) => {
  const backend = await startBackend(context, (_request, response) => {
    response.write('a');
    response.end('b');
  });
  const gate = await startTestGate(context, { to: backend.url });
  const raw = openRaw(context, gate);
  raw.socket.write('GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
  await raw.closed;
  assert.match(raw.text, /^HTTP\/1\.1 200/);
  assert.ok(raw.text.endsWith('\r\n\r\nab'));
});

test('bodies arrive byte for byte, whatever their bytes, size and framing', async (context) => {
  const sizes = [1, 255, 16 * 1024, 16 * 1024 + 1, 300_000];
  const bodyOf = (size: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, i) => i * 7));
  const backend = await startBackend(context, (request, response) => {
    const size = Number(request.url?.slice(2));
    if (request.url?.startsWith('/d')) response.setHeader('Content-Length', size);
    response.write(bodyOf(size));
    response.end();
  });
  const gate = await startTestGate(context, { to: backend.url });
  for (const framing of ['d', 'c']) {
    for (const size of sizes) {
      const got = Buffer.from(await (await fetch(`${gate.url}/${framing}${size}`)).arrayBuffer());
      assert.ok(got.equals(bodyOf(size)), `${framing}${size}`);
    }
  }
});
