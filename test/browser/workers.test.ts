import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

const ASK = `async (say) => {
  const files = new FormData(); files.append('f', new File(['x'], 'x.txt'));
  const got = { fetch: (await fetch('/api/echo')).status, files: (await fetch('/api/echo', { method: 'POST', body: files })).status };
  if (self.XMLHttpRequest) got.xhr = await new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = () => done(xhr.status); xhr.open('POST', '/api/echo'); xhr.send('x'); });
  if (self.WebSocket) got.socket = await new Promise((done) => { const socket = new WebSocket('ws://' + location.host + '/api/socket'); socket.onopen = () => { socket.close(); done('open'); }; socket.onerror = () => done('error'); });
  say(got);
}`;

const DEDICATED = `"use strict"; (${ASK})((got) => postMessage(got)).catch((fault) => postMessage(String(fault)));`;
const MODULE = `import { hello } from '/module.js'; (${ASK})((got) => postMessage({ ...got, hello })).catch((fault) => postMessage(String(fault)));`;
const SHARED = `onconnect = ({ ports: [port] }) => (${ASK})((got) => port.postMessage(got)).catch((fault) => port.postMessage(String(fault)));`;

/** Keeps the page, passes calls on, and queues POSTs to /api/queued until it is told to send them. */
const SERVICE = `
  const queue = [];
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil((async () => { await clients.claim(); await (await caches.open('pages')).add('/?body=cached'); })()));
  addEventListener('fetch', (event) => {
    const { pathname, search } = new URL(event.request.url);
    if (event.request.mode === 'navigate' && search === '?body=cached') event.respondWith(caches.match('/?body=cached'));
    else if (pathname === '/api/queued') { queue.push(event.request.clone()); event.respondWith(new Response('queued')); }
    else if (pathname.startsWith('/api/')) event.respondWith(fetch(event.request));
  });
  addEventListener('message', async ({ data, source }) => {
    if (data === 'own') (${ASK})((got) => source.postMessage(got)).catch((fault) => source.postMessage(String(fault)));
    if (data === 'send') source.postMessage(await Promise.all(queue.splice(0).map(async (request) => (await fetch(request)).status)));
  });`;

describeBrowsers('workers', (browser) => {
  let site: Site;
  let page: Page;

  before(async () => {
    const script = (text: string) => (_request: unknown, response: import('node:http').ServerResponse) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);
    site = await startSite({
      handlers: {
        '/dedicated.js': script(DEDICATED),
        '/worker-module.js': script(MODULE),
        '/module.js': script(`export const hello = 'hello';`),
        '/shared.js': script(SHARED),
        '/service.js': script(SERVICE),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
  });
  after(() => site.close());
  beforeEach(() => site.clear());

  const admitted = () => {
    const made = site.decisions.filter(({ path }) => path.startsWith('/api/'));
    assert.deepEqual(new Set(made.map(({ outcome }) => outcome)), new Set(['admit']));
  };

  test('P7.7 a classic worker enters and signs for itself', async () => {
    const got = await page.evaluate(
      `new Promise((done) => { new Worker('/dedicated.js').onmessage = ({ data }) => done(data); })`,
    );
    assert.deepEqual(got, { fetch: 200, files: 200, xhr: 200, socket: 'open' });
    admitted();
  });

  test('P7.7 a module worker does', async () => {
    const got = await page.evaluate(
      `new Promise((done) => { new Worker('/worker-module.js', { type: 'module' }).onmessage = ({ data }) => done(data); })`,
    );
    assert.deepEqual(got, { fetch: 200, files: 200, xhr: 200, socket: 'open', hello: 'hello' });
    admitted();
  });

  test('P7.7 a shared worker does', async () => {
    const got = await page.evaluate(
      `new Promise((done) => { new SharedWorker('/shared.js').port.onmessage = ({ data }) => done(data); })`,
    );
    assert.deepEqual(got, { fetch: 200, files: 200, xhr: 200, socket: 'open' });
    admitted();
  });

  test('P7.7 a service worker passes signed calls on, makes its own, and serves the page from its cache', async () => {
    await page.evaluate(`navigator.serviceWorker.register('/service.js').then(() => new Promise((done) => {
      if (navigator.serviceWorker.controller) done(); else navigator.serviceWorker.oncontrollerchange = () => done();
    }))`);
    await page.goto(`${site.url}/?body=cached`);
    site.clear();
    assert.equal(
      await page.evaluate(
        `fetch('/api/echo', { method: 'POST', body: 'through' }).then((response) => response.status)`,
      ),
      200,
    );
    assert.deepEqual(
      site.received.map(({ text }) => text),
      ['through'],
    );
    const own = await page.evaluate(
      `new Promise((done) => { navigator.serviceWorker.onmessage = ({ data }) => done(data); navigator.serviceWorker.controller.postMessage('own'); })`,
    );
    assert.equal((own as { fetch: number }).fetch, 200);
    assert.equal((own as { files: number }).files, 200);
    admitted();
  });

  test('P7.7 a queue kept offline is sent exactly once, long after its proofs died', async () => {
    await page.evaluate(
      `fetch('/api/queued', { method: 'POST', body: 'one' }).then(() => fetch('/api/queued', { method: 'POST', body: 'two' }))`,
    );
    assert.equal(site.received.length, 0);
    site.skew += 3_600_000;
    const statuses = await page.evaluate(
      `new Promise((done) => { navigator.serviceWorker.onmessage = ({ data }) => done(data); navigator.serviceWorker.controller.postMessage('send'); })`,
    );
    assert.deepEqual(statuses, [200, 200]);
    await until(() => site.received.length === 2);
    assert.deepEqual(site.received.map(({ text }) => text).sort(), ['one', 'two']);
  });
});
