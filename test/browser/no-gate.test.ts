import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { build } from 'esbuild';
import type { Page } from 'puppeteer-core';
import { fileURLToPath } from 'node:url';
import { describeBrowsers } from './browsers.ts';

const APP = `
  import { install } from 'sallyport/browser';
  install({ protect: ['/api/**'] });
  self.ready = true;`;

/** Answers what it was told to, and lets everything else through: as mocks for tests and stories do. */
const MOCK = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => {
    const { pathname } = new URL(event.request.url);
    if (pathname.startsWith('/api/')) event.respondWith(event.request.text().then((body) => Response.json({ mocked: pathname, body })));
    else event.respondWith(fetch(event.request));
  });`;

/** What servers say to `POST {mount}/enter` that know nothing of it. */
const STRANGERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'a page for every address': (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>app</title>'),
  '404 without a body': (response) => void response.writeHead(404).end(),
  '405 as JSON': (response) =>
    void response.writeHead(405, { 'content-type': 'application/json' }).end('{"message":"no"}'),
  'JSON of its own': (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  'a redirect to a login': (response) => void response.writeHead(302, { location: '/login' }).end(),
};

describeBrowsers('a bundled page without a gate', (browser) => {
  let server: Server;
  let page: Page;
  let home = '';
  let stranger: (response: ServerResponse) => void;
  let entries = 0;
  const calls: string[] = [];

  before(async () => {
    const built = await build({
      stdin: { contents: APP, resolveDir: fileURLToPath(new URL('../../', import.meta.url)), loader: 'ts' },
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir: '/out',
      write: false,
      target: 'es2022',
      conditions: ['@sallyport/source'],
    });
    const files = new Map(built.outputFiles.map(({ path, text }) => [path.replace(/^.*\/out/, ''), text]));
    files.set('/mock.js', MOCK);
    server = createServer((request, response) => {
      const path = request.url ?? '';
      if (path === '/_sallyport/enter') {
        entries++;
        return stranger(response);
      }
      if (path.startsWith('/api/')) {
        calls.push(`${request.method} ${request.headers['signature-input'] === undefined ? 'unsigned' : 'signed'}`);
        return void request.resume().on('end', () => response.end('real'));
      }
      const text = files.get(path);
      response.setHeader('content-type', text === undefined ? 'text/html' : 'text/javascript');
      return void response.end(text ?? '<!doctype html><script type="module" src="/stdin.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    page = await browser.page();
    // Time stands still, so that no back-off ends while a slow browser works.
    await page.evaluateOnNewDocument('Date.now = () => 1_800_000_000_000');
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    entries = 0;
    calls.length = 0;
  });

  const open = async () => {
    await page.goto(home);
    await page.waitForFunction('self.ready');
  };
  const CALL = `(async () => {
    const texts = [];
    for (let index = 0; index < 5; index++) texts.push(await (await fetch('/api/x', { method: 'POST', body: 'b' })).text());
    const xhr = await new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = () => done(xhr.responseText); xhr.open('GET', '/api/x'); xhr.send(); });
    return [...texts, xhr];
  })()`;

  for (const [name, answer] of Object.entries(STRANGERS)) {
    test(`P4.1 ${name}: one try, and calls go out as they are`, async () => {
      stranger = answer;
      await open();
      assert.deepEqual(await page.evaluate(CALL), Array(6).fill('real'));
      assert.equal(entries, 1, 'nothing was waited for: a try that is waited for is made again');
      assert.deepEqual(new Set(calls), new Set(['POST unsigned', 'GET unsigned']));
    });
  }

  test('a server that is ill is tried again, for it may recover', async () => {
    stranger = (response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<p>bad gateway');
    await open();
    await page.evaluate(CALL);
    assert.ok(entries > 1, `${entries}`);
  });

  test('P4.1 a service worker that mocks the API gets the calls as they are', async () => {
    stranger = (response) => void response.writeHead(404).end();
    await open();
    await page.evaluate(`navigator.serviceWorker.register('/mock.js').then(() => new Promise((done) => {
      if (navigator.serviceWorker.controller) done(); else navigator.serviceWorker.oncontrollerchange = () => done();
    }))`);
    await open();
    entries = 0;
    const answers = (await page.evaluate(CALL)) as string[];
    assert.deepEqual(JSON.parse(answers[0] ?? ''), { mocked: '/api/x', body: 'b' });
    assert.deepEqual(JSON.parse(answers[5] ?? ''), { mocked: '/api/x', body: '' });
    assert.ok(entries <= 1, `${entries}`);
    assert.deepEqual(calls, []);
  });
});
