import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

const WORKER = `fetch('/api/echo/worker').then((answer) => answer.json()).then(({ url }) => postMessage(url), (fault) => postMessage(String(fault)));`;

describeBrowsers('sealed calls', (browser) => {
  let site: Site;
  let page: Page;
  /** What the browser's network tab shows: method and path. */
  let shown: string[] = [];
  const streams: ServerResponse[] = [];

  before(async () => {
    site = await startSite({
      config: {
        sealed: true,
        routes: [
          { match: 'POST /api/upload', sealed: false },
          { match: '/api/socket', carriers: ['socket'] },
          { match: 'GET /api/picture', carriers: ['media'] },
          { match: 'GET /api/mine', roles: ['editor'] },
          { match: '/api/**' },
        ],
        login: { identify: () => null },
      },
      handlers: {
        '/api/stream': (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('data: one\n\n');
          streams.push(response);
        },
        '/worker.js': (_request, response) =>
          void response.writeHead(200, { 'content-type': 'text/javascript' }).end(WORKER),
        '/api/torn': (_request, response) => {
          response.write('half');
          setImmediate(() => response.destroy());
        },
        '/api/hop': (_request, response) => void response.writeHead(303, { location: '/api/echo/hopped' }).end(),
        '/api/cookie': (_request, response) =>
          void response.writeHead(200, { 'set-cookie': 'kept=yes', 'x-own': 'one' }).end('said'),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
    page.on('request', (request) => shown.push(`${request.method()} ${new URL(request.url()).pathname}`));
  });
  after(() => site.close());
  beforeEach(() => {
    site.clear();
    shown = [];
  });

  const onlyCalls = () =>
    shown.filter((line) => !/\/enter$|\.js$|favicon/.test(line)).every((line) => line === 'POST /_sallyport/call');

  test('fetch, XMLHttpRequest and EventSource reach the backend as they were meant, and show one address', async () => {
    const answers = await page.evaluate(async () => {
      const read = await fetch('/api/echo?secret=1');
      const written = await fetch('/api/echo/2', {
        method: 'PUT',
        body: '{"a":1}',
        headers: { 'content-type': 'a/json' },
      });
      const form = new FormData();
      form.append('file', new File(['contents'], 'a.txt'));
      const sent = await fetch('/api/echo/3', { method: 'POST', body: form });
      const xhr = new XMLHttpRequest();
      xhr.open('PATCH', '/api/echo/4');
      xhr.responseType = 'json';
      await new Promise((done) => {
        xhr.onloadend = done;
        xhr.send('changed');
      });
      const source = new EventSource('/api/stream');
      const heard = await new Promise((done) => {
        source.onmessage = (event) => done(event.data);
      });
      source.close();
      return {
        read: [read.status, read.type, new URL(read.url).pathname, (await read.json()).url],
        written: (await written.json()).headers['content-type'],
        sent: (await sent.json()).text,
        xhr: [xhr.status, xhr.response.method, xhr.response.text],
        heard,
      };
    });
    assert.deepEqual(answers.read, [200, 'basic', '/api/echo', '/api/echo?secret=1']);
    assert.equal(answers.written, 'a/json');
    assert.match(answers.sent, /contents/);
    assert.deepEqual(answers.xhr, [200, 'PATCH', 'changed']);
    assert.equal(answers.heard, 'one');
    assert.deepEqual(
      site.received.map(({ method, url }) => `${method} ${url}`),
      ['GET /api/echo?secret=1', 'PUT /api/echo/2', 'POST /api/echo/3', 'PATCH /api/echo/4', 'GET /api/stream'],
    );
    assert.ok(shown.length >= 5 && onlyCalls(), shown.join(', '));
  });

  test('an answer streams: what has come is read before the rest is there, and one that breaks off is no whole one', async () => {
    const first = await page.evaluate(async () => {
      const response = await fetch('/api/stream');
      const reader = response.body?.getReader();
      const part = await reader?.read();
      void reader?.cancel();
      return new TextDecoder().decode(part?.value);
    });
    assert.equal(first, 'data: one\n\n');
    await until(() => streams.every((stream) => stream.destroyed));
    const torn = await page.evaluate(() =>
      fetch('/api/torn')
        .then((response) => response.text())
        .catch((fault) => String(fault)),
    );
    assert.notEqual(torn, 'half');
  });

  test('aborted before and meanwhile, redirected, and with a cookie: as in the open', async () => {
    const answer = await page.evaluate(async () => {
      const aborted = new AbortController();
      aborted.abort();
      const before = await fetch('/api/echo', { signal: aborted.signal }).catch((fault) => fault.name);
      const during = new AbortController();
      const waiting = fetch('/api/stream', { signal: during.signal }).then((response) => {
        during.abort();
        return response.text();
      });
      const meanwhile = await waiting.catch((fault) => fault.name);
      const hopped = await fetch('/api/hop', { method: 'POST', body: 'x' });
      const said = await fetch('/api/cookie');
      const { method, url } = await hopped.json();
      return { before, meanwhile, hopped: [hopped.redirected, method, url], own: said.headers.get('x-own') };
    });
    assert.deepEqual(answer, {
      before: 'AbortError',
      meanwhile: 'AbortError',
      hopped: [true, 'GET', '/api/echo/hopped'],
      own: 'one',
    });
    assert.match(await page.evaluate(() => document.cookie), /kept=yes/);
    assert.ok(onlyCalls(), shown.join(', '));
  });

  test('P7.4 a gate that restarted costs one silent entry, and the body is kept; what is refused says so', async () => {
    await site.restart();
    const answer = await page.evaluate(async () => {
      const written = await fetch('/api/echo', { method: 'POST', body: 'kept' });
      const refused = await fetch('/api/mine');
      return { text: (await written.json()).text, status: refused.status, code: (await refused.json()).code };
    });
    assert.deepEqual(answer, { text: 'kept', status: 401, code: 'login-required' });
    assert.deepEqual(site.received.length, 1);
  });

  test('what cannot be sealed stays as it is, where its route says so', async () => {
    const open = await page.evaluate(async () => {
      const image = new Image();
      const drawn = new Promise((done) => {
        image.onload = image.onerror = () => done('asked');
      });
      image.src = '/api/picture';
      await drawn;
      const sent = await fetch('/api/upload', { method: 'POST', body: new Uint8Array(2_000_000) });
      const socket = new WebSocket('/api/socket');
      const opened = await new Promise((done) => {
        socket.onopen = socket.onclose = ({ type }: Event) => done(type);
      });
      socket.close();
      const large = await fetch('/api/echo', { method: 'POST', body: new Uint8Array(2_000_000) });
      return [sent.status, opened, large.status];
    });
    assert.deepEqual(open, [200, 'open', 413]);
    assert.ok(shown.includes('GET /api/picture') && shown.includes('POST /api/upload'));
  });

  test('a worker seals its calls by itself', async () => {
    const url = await page.evaluate(async () => {
      const worker = new Worker('/worker.js');
      return new Promise((done) => {
        worker.onmessage = ({ data }) => done(data);
      });
    });
    assert.equal(url, '/api/echo/worker');
  });
});
