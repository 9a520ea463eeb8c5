import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { testBrokenParts } from './broken-parts.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

describeBrowsers('EventSource and WebSocket', (browser) => {
  let site: Site;
  let page: Page;
  let streams: ServerResponse[] = [];

  before(async () => {
    site = await startSite({
      handlers: {
        '/api/feed': (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
          response.write('retry: 50\n\n');
          streams.push(response);
        },
        '/api/gone': (_request, response) => response.writeHead(204).end(),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
  });
  after(async () => {
    for (const stream of streams) stream.destroy();
    await site.close();
  });
  beforeEach(() => {
    site.clear();
    streams = [];
  });

  test('P7.1 an EventSource has the native class’s face, and passes', async () => {
    const face = await page.evaluate(`(() => {
      window.feed = new EventSource('/api/feed?x=1', { withCredentials: true });
      window.log = [];
      feed.onopen = () => log.push('open ' + feed.readyState);
      feed.onmessage = (event) => log.push('message ' + event.data + ' ' + event.lastEventId + ' ' + (event.origin === location.origin));
      feed.addEventListener('named', (event) => log.push('named ' + event.data));
      feed.onerror = () => log.push('error ' + feed.readyState);
      return [feed instanceof EventSource, feed.readyState, new URL(feed.url).pathname, EventSource.OPEN, feed.CLOSED, EventSource.name, Object.prototype.toString.call(feed), feed.constructor === EventSource];
    })()`);
    assert.deepEqual(face, [true, 0, '/api/feed', 1, 2, 'EventSource', '[object EventSource]', true]);
    await until(() => streams.length === 1);
    streams[0]?.write('id: 7\ndata: one\ndata: two\n\nevent: named\r\ndata: ü\r\n\r\n: comment\n\ndata\n\n');
    await page.waitForFunction('log.length === 4');
    assert.deepEqual(await page.evaluate('log'), ['open 1', 'message one\ntwo 7 true', 'named ü', 'message  7 true']);
    assert.equal(site.received[0]?.headers.accept, 'text/event-stream');
  });

  test('P7.1 a broken stream is made again with a new proof and the last id', async () => {
    await page.evaluate(`feed.close(); log.length = 0; window.feed = new EventSource('/api/feed');
      feed.onmessage = (event) => log.push(event.data); feed.onerror = () => log.push('error ' + feed.readyState)`);
    await until(() => streams.length === 1);
    streams[0]?.end('id: first\ndata: a\n\n');
    await until(() => streams.length === 2);
    assert.equal(site.received[1]?.headers['last-event-id'], 'first');
    streams[1]?.write('data: b\n\n');
    await page.waitForFunction(`log.includes('b')`);
    assert.deepEqual(await page.evaluate('log'), ['a', 'error 0', 'b']);
    assert.deepEqual(
      site.decisions.map(({ outcome }) => outcome),
      ['admit', 'admit'],
    );
  });

  test('a stream survives a restart of the gate', async () => {
    await site.restart();
    await until(() => streams.length === 1);
    streams[0]?.write('data: after\n\n');
    await page.waitForFunction(`log.includes('after')`);
    await page.evaluate('feed.close()');
    assert.equal(await page.evaluate('feed.readyState'), 2);
  });

  test('an answer that is no stream ends it for good', async () => {
    const state = await page.evaluate(
      `new Promise((resolve) => { const feed = new EventSource('/api/gone'); feed.onerror = () => resolve(feed.readyState); })`,
    );
    assert.equal(state, 2);
    assert.equal(site.received.length, 1);
  });

  const talk = (protocols: string) => `new Promise((resolve) => {
    const socket = new WebSocket('ws://' + location.host + '/api/socket?room=1'${protocols});
    const log = [socket instanceof WebSocket, socket.readyState, WebSocket.OPEN, socket.url.endsWith('/api/socket?room=1'), socket.constructor === WebSocket];
    try { socket.send('early'); } catch (fault) { log.push(fault.name); }
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => { log.push(socket.readyState, socket.protocol); socket.send('text'); };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') { log.push(data); socket.send(new Uint8Array([1, 2])); }
      else { log.push(new Uint8Array(data).length, data instanceof ArrayBuffer); socket.close(3001, 'done'); }
    };
    socket.onclose = ({ code, wasClean }) => { log.push(code, wasClean, socket.readyState); resolve(log); };
  })`;

  test('P7.1 a WebSocket passes with its proof as a parameter', async () => {
    const log = await page.evaluate(talk(''));
    assert.deepEqual(log, [true, 0, 1, true, true, 'InvalidStateError', 1, '', 'text', 2, true, 3001, true, 3]);
    assert.equal(site.received[0]?.url, '/api/socket?room=1');
  });

  test('P7.1 a WebSocket passes with its proof as a subprotocol', async () => {
    const log = await page.evaluate(talk(`, ['chat', 'other']`));
    assert.deepEqual(log, [true, 0, 1, true, true, 'InvalidStateError', 1, 'chat', 'text', 2, true, 3001, true, 3]);
    assert.match(site.received[0]?.headers['sec-websocket-protocol'] ?? '', /^chat,\s?other$/);
  });

  test('a WebSocket behind a gate that forgot its ticket connects at the second attempt', async () => {
    await site.restart();
    const log = await page.evaluate(talk(''));
    assert.equal((log as unknown[]).includes('text'), true);
    assert.deepEqual(
      new Set(site.decisions.filter(({ path }) => path === '/api/socket').map(({ outcome }) => outcome)),
      new Set(['refuse', 'admit']),
    );
  });

  test('a socket that the backend never takes costs one entry, however often the app tries', async () => {
    await page.goto(site.url);
    await page.evaluate(() => fetch('/api/echo').then((response) => response.text()));
    site.clear();
    const once = `new Promise((resolve) => { const seen = []; const socket = new WebSocket('ws://' + location.host + '/api/dead');
      socket.onerror = () => seen.push('error'); socket.onclose = ({ code }) => resolve([...seen, code]); })`;
    for (let tries = 0; tries < 3; tries++) assert.deepEqual(await page.evaluate(once), ['error', 1006]);
    assert.equal(site.decisions.filter(({ path }) => path === '/_sallyport/enter').length, 1);
    assert.equal(site.received.filter(({ url }) => url === '/api/dead').length, 4);
  });

  test('closing early, wrong arguments and uncovered addresses are the browser’s', async () => {
    const answer = await page.evaluate(`(async () => {
      const closed = await new Promise((resolve) => {
        const socket = new WebSocket('ws://' + location.host + '/api/socket');
        socket.close();
        const seen = [socket.readyState];
        socket.onopen = () => seen.push('open');
        socket.onclose = ({ code, wasClean }) => resolve([...seen, code, wasClean, socket.readyState]);
      });
      const name = (make) => { try { make(); return 'none'; } catch (fault) { return fault.name; } };
      return { closed, url: name(() => new WebSocket('ftp://x/')), twice: name(() => new WebSocket('ws://' + location.host + '/api/socket', ['a', 'a'])),
        missing: name(() => new WebSocket()), called: name(() => WebSocket('ws://x/')), source: name(() => new EventSource('http://[')) };
    })()`);
    assert.deepEqual(answer, {
      closed: [2, 1006, false, 3],
      url: 'SyntaxError',
      twice: 'SyntaxError',
      missing: 'TypeError',
      called: 'TypeError',
      source: 'SyntaxError',
    });
  });

  testBrokenParts(browser);
});
