import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Page } from 'puppeteer-core';
import { createPages, type PageGuard } from '../../src/gateway/page.ts';
import { decisionOf, pageGuard } from '../gateway/stubs.ts';
import { viewOf } from '../support/view.ts';
import { describeBrowsers } from './browsers.ts';

/** What the page's script would do is not the question here, only that it runs, where, and before what. */
const SCRIPT = '(()=>{self.wrapped=(self.wrapped||0)+1})()';
const SCRIPT_PATH = '/_sallyport/s.0123456789abcdef.js';

const FIRST = '<script nonce="n1">document.documentElement.dataset.first=String(self.wrapped)</script>';
const SAY_WRAPPED = 'self.onmessage=()=>postMessage(String(self.wrapped));';

interface File {
  readonly type: string;
  readonly body: string | Buffer;
  readonly fields?: Readonly<Record<string, string>>;
}

const page = (head: string, body = ''): string =>
  `<!doctype html><html><head>${head}</head><body>${body}</body></html>`;

const FILES: Readonly<Record<string, File>> = {
  '/': { type: 'text/html; charset=utf-8', body: page(FIRST) },
  '/headless': { type: 'text/html', body: `<!doctype html>\n<!-- <head> -->${FIRST}<p>a` },
  '/quirks': { type: 'text/html', body: `<p>${FIRST}` },
  '/coded': { type: 'text/html', body: gzipSync(page(FIRST)), fields: { 'content-encoding': 'gzip' } },
  '/wide': { type: 'text/html', body: Buffer.from(`\ufeff${page(FIRST, '<p id=t>für</p>')}`, 'utf16le') },
  '/kanji': {
    type: 'text/html',
    body: Buffer.concat([
      Buffer.from(page(`<meta charset=shift_jis>${FIRST}`)),
      Buffer.from([0x3c, 0x70, 0x3e, 0x83, 0x5c]),
    ]),
  },
  '/nonce': {
    type: 'text/html',
    body: page(FIRST),
    fields: { 'content-security-policy': "script-src 'nonce-n1' 'strict-dynamic'; object-src 'none'" },
  },
  '/self': {
    type: 'text/html',
    body: page('<script src="/first.js"></script>'),
    fields: { 'content-security-policy': "script-src 'self'; worker-src 'self'" },
  },
  '/first.js': { type: 'text/javascript', body: 'document.documentElement.dataset.first=String(self.wrapped)' },
  '/classic.js': { type: 'text/javascript', body: `'use strict';importScripts('/imported.js');${SAY_WRAPPED}` },
  '/imported.js': { type: 'text/javascript', body: 'self.imported=true' },
  '/module.js': {
    type: 'text/javascript',
    body: `import { seen } from '/dependency.js';self.onmessage=()=>postMessage(String(self.wrapped)+seen);`,
  },
  '/dependency.js': { type: 'text/javascript', body: 'export const seen = " at " + self.wrapped;' },
  '/plain-module.js': { type: 'text/javascript', body: `const here = import.meta.url;${SAY_WRAPPED}` },
  '/shared.js': {
    type: 'text/javascript',
    body: 'self.onconnect=(event)=>event.ports[0].postMessage(String(self.wrapped))',
  },
  '/sw.js': {
    type: 'text/javascript',
    body: `self.addEventListener('install', (event) => { self.skipWaiting(); event.waitUntil(caches.open('a').then((cache) => cache.addAll(['/offline', '/part']))); });
self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));
self.addEventListener('message', (event) => event.source.postMessage(String(self.wrapped)));
self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') return;
  event.respondWith(event.request.url.endsWith('/offline') ? caches.match('/offline') : fetch(event.request));
});`,
  },
  '/offline': { type: 'text/html', body: page(FIRST, 'kept') },
  '/part': { type: 'text/html', body: '<li>part</li>' },
};

/** A server whose answers go through the rewriting and nothing else of the gate. */
function serve(guard: PageGuard): Server {
  const pages = createPages(guard);
  return createServer((request, response) => {
    const headers: Record<string, string> = {};
    for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
      headers[(request.rawHeaders[at] ?? '').toLowerCase()] = request.rawHeaders[at + 1] ?? '';
    }
    const view = viewOf({ method: request.method ?? 'GET', target: request.url ?? '/', headers });
    const file =
      view.path === SCRIPT_PATH ? { type: 'text/javascript; charset=utf-8', body: SCRIPT } : FILES[view.path];
    if (file === undefined) return void response.writeHead(404).end();
    const fields = [
      'Content-Type',
      file.type,
      'Cache-Control',
      'no-cache',
      ...Object.entries(file.fields ?? {}).flat(),
    ];
    const changed = view.path === SCRIPT_PATH ? null : pages.rewrite(view, decisionOf(guard, view), 200, fields);
    const transform = changed?.transform() ?? null;
    response.writeHead(200, changed?.fields ?? fields);
    if (transform === null) return void response.end(file.body);
    transform.pipe(response);
    transform.end(file.body);
  });
}

describeBrowsers('pages and workers behind the rewriting', (browser) => {
  const guard: PageGuard = { ...pageGuard(), workerScript: { url: SCRIPT_PATH, text: SCRIPT } };
  const server = serve(guard);
  let url = '';
  let tab: Page;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
    tab = await browser.page();
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const firstOf = async (path: string): Promise<string | undefined> => {
    await tab.goto(url + path);
    return tab.evaluate(() => document.documentElement.dataset['first']);
  };

  for (const path of ['/', '/headless', '/quirks', '/coded', '/wide', '/kanji', '/nonce', '/self']) {
    test(`P7.8 the script runs once, before the page’s first own script: ${path}`, async () => {
      assert.equal(await firstOf(path), '1');
    });
  }

  test('neither the mode of the page nor its encoding changes', async () => {
    await tab.goto(`${url}/headless`);
    assert.equal(await tab.evaluate(() => document.compatMode), 'CSS1Compat');
    await tab.goto(`${url}/quirks`);
    assert.equal(await tab.evaluate(() => document.compatMode), 'BackCompat');
    await tab.goto(`${url}/wide`);
    assert.equal(await tab.evaluate(() => document.querySelector('#t')?.textContent), 'für');
    await tab.goto(`${url}/kanji`);
    assert.equal(await tab.evaluate(() => document.body.textContent), 'ソ');
  });

  const WORKERS = [
    { name: 'a strict classic worker that imports scripts', script: '/classic.js', type: 'classic', says: '1' },
    { name: 'a module worker, before its imports run', script: '/module.js', type: 'module', says: '1 at 1' },
    { name: 'a module worker without imports', script: '/plain-module.js', type: 'module', says: '1' },
  ] as const;
  for (const { name, script, type, says } of WORKERS) {
    test(`P7.7 the script runs in ${name}`, async () => {
      await tab.goto(`${url}/self`);
      const said = await tab.evaluate(
        (address, kind) =>
          new Promise<string>((resolve, reject) => {
            const worker = new Worker(address, { type: kind });
            worker.onmessage = (event) => resolve(String(event.data));
            worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
            worker.postMessage('say');
          }),
        script,
        type,
      );
      assert.equal(said, says);
    });
  }

  test('P7.7 the script runs in a shared worker', async () => {
    await tab.goto(`${url}/`);
    const said = await tab.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const worker = new SharedWorker('/shared.js');
          worker.port.onmessage = (event) => resolve(String(event.data));
        }),
    );
    assert.equal(said, '1');
  });

  test('P7.7 the script runs in a service worker, and in pages that it keeps or passes on; fragments stay as they are', async () => {
    await tab.goto(`${url}/`);
    const said = await tab.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js');
      const { active } = await navigator.serviceWorker.ready;
      return new Promise<string>((resolve) => {
        navigator.serviceWorker.onmessage = (event) => resolve(String(event.data));
        active?.postMessage('say');
      });
    });
    assert.equal(said, '1');
    assert.equal(await firstOf('/offline'), '1', 'from the cache');
    assert.equal(await firstOf('/headless'), '1', 'passed on');
    const part = await tab.evaluate(async () => (await caches.match('/part'))?.text());
    assert.equal(part, '<li>part</li>');
    await tab.evaluate(async () => {
      for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    });
  });
});
