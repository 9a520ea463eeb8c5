import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

/** By which protocol this address was fetched, as the browser says it. */
const hop = (name: string) =>
  `performance.getEntriesByType('resource').findLast((entry) => entry.name.includes(${JSON.stringify(name)}))?.nextHopProtocol`;

describeBrowsers(
  'HTTP/2, by a certificate that the gate made',
  (browser) => {
    let site: Site;
    let page: Page;
    let dir = '';
    let streams: ServerResponse[] = [];

    before(async () => {
      dir = mkdtempSync(join(tmpdir(), 'sallyport-browser-h2-'));
      site = await startSite({
        config: { tls: { self: true, dir } },
        handlers: {
          '/api/feed': (_request, response) => {
            response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
            response.write('retry: 50\n\n');
            streams.push(response);
          },
          '/api/never': () => {},
        },
      });
      page = await browser.page();
      await page.goto(site.url.replace('127.0.0.1', 'localhost'));
    });
    after(async () => {
      for (const stream of streams) stream.destroy();
      await site.close();
      rmSync(dir, { recursive: true });
    });
    beforeEach(() => {
      site.clear();
      streams = [];
    });

    test('R1 R3 the page and its calls go by HTTP/2', async () => {
      const protocol = await page.evaluate(`performance.getEntriesByType('navigation')[0].nextHopProtocol`);
      assert.equal(protocol, 'h2');
      assert.equal(await page.evaluate(`fetch('/api/echo?one=1').then((answer) => answer.status)`), 200);
      await page.waitForFunction(`${hop('/api/echo?one=1')} === 'h2'`);
      const [seen] = site.received;
      assert.ok(seen !== undefined);
      assert.equal(seen.headers.host, `localhost:${site.gate.address.port}`);
      assert.equal(seen.headers['x-forwarded-proto'], 'https');
    });

    test('R42 P7.4 100 signed calls at once, with and without bodies, are all answered', async () => {
      const answers = await page.evaluate(`Promise.all(Array.from({ length: 100 }, async (_, index) => {
        const init = index % 2 === 0 ? {} : { method: 'POST', body: JSON.stringify({ index, more: 'x'.repeat(index * 50) }), headers: { 'content-type': 'application/json' } };
        const answer = await fetch('/api/echo/' + index, init);
        const seen = await answer.json();
        return [answer.status, seen.url, seen.length > 0];
      }))`);
      assert.deepEqual(
        answers,
        Array.from({ length: 100 }, (_, index) => [200, `/api/echo/${index}`, index % 2 === 1]),
      );
      assert.equal(site.received.length, 100);
      assert.deepEqual(
        site.decisions.filter(({ outcome }) => outcome !== 'admit'),
        [],
      );
      await page.waitForFunction(`${hop('/api/echo/99')} === 'h2'`);
    });

    test('a large upload, an event stream and a WebSocket work beside them', async () => {
      const size = 5_000_000;
      const uploaded = await page.evaluate(
        `fetch('/api/echo', { method: 'POST', body: new Uint8Array(${size}), headers: { 'content-type': 'application/octet-stream' } }).then((answer) => answer.json()).then((seen) => seen.length)`,
      );
      assert.equal(uploaded, size);

      await page.evaluate(
        `window.said = []; window.feed = new EventSource('/api/feed'); feed.onmessage = (event) => said.push(event.data)`,
      );
      await until(() => streams.length === 1);
      streams[0]?.write('data: hello\n\n');
      await page.waitForFunction('said.length === 1');
      await page.evaluate('feed.close()');
      await until(() => streams[0]?.destroyed === true);

      const echoed = await page.evaluate(`new Promise((resolve, reject) => {
        const socket = new WebSocket('wss://' + location.host + '/api/socket');
        socket.onopen = () => socket.send('over');
        socket.onmessage = (event) => { resolve(event.data); socket.close(); };
        socket.onerror = () => reject(new Error('no socket'));
      })`);
      assert.equal(echoed, 'over');
    });

    test('a call that the page gives up frees the backend and nothing else', async () => {
      const ended = await page.evaluate(`(() => {
        const control = new AbortController();
        const given = fetch('/api/never', { signal: control.signal }).then(() => 'answered', (error) => error.name);
        setTimeout(() => control.abort(), 300);
        return given;
      })()`);
      assert.equal(ended, 'AbortError');
      await until(() => site.gate.stats().requests === 0);
      assert.equal(await page.evaluate(`fetch('/api/echo').then((answer) => answer.status)`), 200);
    });
  },
  { anyCertificate: true },
);
