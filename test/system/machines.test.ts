import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { backend, desk, type Desk } from '../cli/support.ts';

const CONFIG = {
  mode: 'enforce',
  open: ['/api/webhooks/**', 'POST /api/payments/return', 'GET /api/status', 'GET /api/feed.xml'],
  routes: [{ match: 'GET /api/posts', keys: ['posts:read'] }, { match: 'POST /api/posts' }],
  keys: { signUp: 'https://app.example/developers' },
};

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a program sends, and nothing that a browser or fetch would add. */
function send(
  origin: string,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
  body = '',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = httpRequest(`${origin}${path}`, { method, headers: { ...length, ...headers }, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.on('data', (part) => (text += String(part)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    outgoing.end(body);
  });
}

async function gateFor(t: Parameters<typeof desk>[0]): Promise<{ here: Desk; origin: string; got: string[] }> {
  const got: string[] = [];
  const { url } = await backend(t, {
    answer(request, response) {
      const path = request.url ?? '';
      if (path === '/article') {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<!doctype html><html><head><meta property="og:title" content="An article"></head></html>');
        return true;
      }
      if (path === '/api/feed.xml') {
        const known = request.headers['if-none-match'] === '"7"';
        response.writeHead(known ? 304 : 200, { 'content-type': 'application/rss+xml', etag: '"7"' });
        response.end(known ? '' : '<rss/>');
        return true;
      }
      if (!/^\/api\/(?:webhooks|payments)/i.test(path)) return false;
      let body = '';
      request.on('data', (part) => (body += String(part)));
      request.on('end', () => {
        got.push(`${request.method} ${path} ${body}`);
        response.writeHead(204).end();
      });
      return true;
    },
  });
  const here = desk(t);
  here.write('sallyport.config.json', JSON.stringify({ ...CONFIG, to: url, listen: '127.0.0.1:0' }));
  const { report } = await here.gate('--log', 'silent');
  return { here, origin: report.url, got };
}

test('P8.3 webhooks and payment callbacks that one line excepts never see a 403, and doctor shows the line', async (t) => {
  const { here, origin, got } = await gateFor(t);
  const json = { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=ab' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent: [path: string, method: string, headers: Record<string, string>, body: string][] = [
    ['/api/webhooks/pay', 'POST', json, '{"type":"paid"}'],
    ['/api/webhooks/pay', 'POST', { 'content-type': 'text/plain' }, 'plain'],
    ['/api/webhooks/chat?hub=1', 'POST', form, 'payload=%7B%7D'],
    ['/api/webhooks/chat', 'PUT', { ...json, authorization: 'Basic dTpw' }, '{}'],
    ['/api/webhooks/chat', 'DELETE', {}, ''],
    ['/api/webhooks/chat?hub.challenge=1', 'GET', {}, ''],
    // The browser of somebody who paid, sent back by the bank's own form.
    [
      '/api/payments/return',
      'POST',
      { ...form, origin: 'https://bank.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      'PaRes=x',
    ],
  ];
  for (const [path, method, headers, body] of sent) {
    assert.equal((await send(origin, path, method, headers, body)).status, 204, `${method} ${path}`);
  }
  assert.deepEqual(
    got,
    sent.map(([path, method, , body]) => `${method} ${path} ${body}`),
  );
  for (const path of ['/api/Webhooks/pay', '/api/%77ebhooks/pay', '/api/webhooks/../posts', '/api/payments/return/x']) {
    assert.ok([400, 403].includes((await send(origin, path, 'POST', json, '{}')).status), `${path} is no such route`);
  }
  assert.equal(got.length, sent.length);
  const { out } = await here.run('doctor');
  assert.match(out, /answers everybody, by `open`: \/api\/webhooks\/\*\*, POST \/api\/payments\/return/);
});

test('P8.4 an uptime monitor, a link previewer and a feed reader get what is theirs by the recipes, and no more', async (t) => {
  const { origin } = await gateFor(t);
  for (const path of ['/', '/_sallyport/health', '/api/status']) {
    assert.equal((await send(origin, path)).status, 200, `a monitor’s GET ${path}`);
  }
  assert.equal((await send(origin, '/', 'HEAD')).status, 200);
  assert.equal((await send(origin, '/api/status', 'POST')).status, 403, 'the exception is for reading');
  for (const agent of ['facebookexternalhit/1.1', 'Slackbot-LinkExpanding 1.0', 'Twitterbot/1.0', 'curl/8']) {
    const preview = await send(origin, '/article', 'GET', { 'user-agent': agent });
    assert.equal(preview.status, 200);
    assert.match(preview.text, /<meta property="og:title" content="An article">/);
  }
  const feed = await send(origin, '/api/feed.xml');
  assert.deepEqual([feed.status, feed.headers['content-type'], feed.text], [200, 'application/rss+xml', '<rss/>']);
  assert.equal((await send(origin, '/api/feed.xml', 'GET', { 'if-none-match': '"7"' })).status, 304);
  const named = await send(origin, '/api/posts', 'GET', { 'user-agent': 'Googlebot/2.1' });
  assert.equal(named.status, 403, 'a name opens nothing');
});

test('P8.4 a load test with a key of its own meets no limit of its address, and page’s calls no key', async (t) => {
  const { here, origin } = await gateFor(t);
  const issued = await here.json('keys', 'issue', '--for', 'k6', '--scope', 'posts:read', '--ttl', '1h');
  const authorization = `Bearer ${Reflect.get(Object(issued.value), 'secret')}`;
  const count = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let round = 0; round < 50; round++) {
        const { status } = await send(origin, '/api/posts', 'GET', { authorization });
        count.set(status, (count.get(status) ?? 0) + 1);
      }
    }),
  );
  assert.deepEqual([...count], [[200, 1000]]);
  assert.equal((await send(origin, '/api/posts', 'POST', { authorization })).status, 401);
});

test('P11.3 refusals of programs name the page where keys are to be had, for programs to read', async (t) => {
  const { origin } = await gateFor(t);
  const link = '<https://app.example/developers>; rel="service-doc"';
  const bare = await send(origin, '/api/posts');
  assert.deepEqual([bare.status, bare.headers.link], [403, link]);
  const wrong = await send(origin, '/api/posts', 'GET', { authorization: `Bearer spk_${'0'.repeat(60)}` });
  assert.deepEqual([wrong.status, wrong.headers.link], [401, link]);
  assert.equal((await send(origin, '/api/posts', 'POST')).headers.link, undefined, 'no key opens that route');
  assert.equal((await send(origin, '/api/status')).headers.link, undefined, 'nobody was refused');
});
