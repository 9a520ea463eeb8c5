import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import { createSender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient } from '../../src/lab/wire-client.ts';
import { sendRaw } from '../support/raw.ts';

/** Schemas at the real gate: what the backend gets is what was looked at. */

const PAGE = '<!doctype html><title>app</title>';
const BODY = { required: ['title'], properties: { title: { type: 'string' }, by: { additionalProperties: true } } };
const CONFIG: Config = {
  routes: [
    { match: 'POST /api/posts', schema: { body: BODY } },
    { match: 'GET /api/open', level: 'open', schema: { query: { properties: { page: { type: 'integer' } } } } },
    { match: 'POST /api/open', level: 'open', schema: { body: BODY } },
  ],
};

async function place(t: TestContext, config: Config) {
  const seen: { request: IncomingMessage; body: Buffer }[] = [];
  const backend = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    if (request.url !== '/') seen.push({ request, body });
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end(PAGE);
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo; // bound to TCP above
  const gate = await startGate({ to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce', ...config });
  t.after(async () => {
    await gate.close({ graceMs: 0 });
    backend.closeAllConnections();
    backend.close();
  });
  return { gate, seen };
}

test('a page’s body reaches the backend byte for byte, and what does not fit never does', async (t) => {
  const { gate, seen } = await place(t, CONFIG);
  const target = parseTarget(`http://127.0.0.1:${gate.address.port}/api`);
  const sender = createSender(target);
  t.after(() => sender.close());
  const page = createWireClient(target, '/', sender);
  assert.ok((await page.open()).opened);
  const post = (text: string) =>
    page.call({ method: 'POST', at: '/api/posts', body: Buffer.from(text), contentType: 'application/json' });
  const text = ' {"by" : {"n":1.50, "é":"\\u00e9\\/"},\n"title":"Hello"}\n';
  assert.equal((await post(text)).status, 200);
  assert.equal(seen.at(-1)?.body.toString(), text);
  const refused = await post('{"title":"Hello","by":{"__proto__":{"admin":true}}}');
  const problem: Record<string, unknown> = JSON.parse(Buffer.from(refused.body).toString());
  assert.deepEqual([refused.status, problem['code'], problem['field']], [400, 'schema', '/by/__proto__']);
  assert.equal(seen.length, 1);
});

test('a query reaches the backend as it was written, where it fits', async (t) => {
  const { gate, seen } = await place(t, CONFIG);
  const { port } = gate.address;
  const get = async (query: string) =>
    (await sendRaw(port, `GET /api/open${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`))
      .status;
  assert.equal(await get('?page=%32&&'), 200);
  assert.equal(await get('?page=2&page=3'), 400);
  assert.equal(await get('?page=two'), 400);
  assert.deepEqual(
    seen.map(({ request }) => request.url),
    ['/api/open?page=%32&&'],
  );
});

const head = (more: string) =>
  `POST /api/open HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n${more.replaceAll('\n', '\r\n')}\r\n\r\n`;

test('a body of no declared length, of another type or coding, or too long is refused and never forwarded', async (t) => {
  const { gate, seen } = await place(t, CONFIG);
  const { port } = gate.address;
  const send = async (more: string, body: string) => {
    const answer = await sendRaw(port, head(more).replace('PORT', String(port)) + body);
    return `${answer.status} ${/"code":"([\w-]+)"/.exec(answer.text)?.[1] ?? ''}`.trim();
  };
  const json = 'Content-Type: application/json';
  const body = '{"title":"a"}';
  assert.equal(await send(`${json}\nContent-Length: 13`, body), '200');
  assert.equal(await send(`${json}\nTransfer-Encoding: chunked`, `d\r\n${body}\r\n0\r\n\r\n`), '400 schema');
  assert.equal(await send(`Content-Length: 13`, body), '403 content-type');
  assert.equal(await send(`${json};charset=utf-16le\nContent-Length: 13`, body), '403 content-type');
  assert.equal(await send(`${json}\nContent-Encoding: gzip\nContent-Length: 13`, body), '403 content-type');
  assert.equal(await send(`${json}\nContent-Type: text/plain\nContent-Length: 13`, body), '403 content-type');
  assert.equal(await send(`${json}\nContent-Length: 65537`, `"${'a'.repeat(65_535)}"`), '413 too-large');
  assert.equal(await send(`${json}\nContent-Length: 0`, ''), '400 schema');
  const deep = '['.repeat(60_000);
  assert.equal(await send(`${json}\nContent-Length: ${deep.length}`, deep), '400 schema');
  assert.equal(seen.length, 1);
});

test('report mode forwards what does not fit, large and of no declared length too, as it is', async (t) => {
  const { gate, seen } = await place(t, { ...CONFIG, mode: 'report' });
  const { port } = gate.address;
  const send = async (more: string, body: string) =>
    (await sendRaw(port, head(more).replace('PORT', String(port)) + body)).status;
  const json = 'Content-Type: application/json';
  const large = `"${'a'.repeat(100_000)}"`;
  assert.equal(await send(`${json}\nContent-Length: 3`, '{{{'), 200);
  assert.equal(await send(`${json}\nTransfer-Encoding: chunked`, '3\r\n{{{\r\n0\r\n\r\n'), 200);
  assert.equal(await send(`${json}\nContent-Length: ${large.length}`, large), 200);
  assert.deepEqual(
    seen.map(({ body }) => body.length),
    [3, 3, large.length],
  );
});
