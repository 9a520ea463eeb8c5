import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

const FORMS = ['text/plain', 'multipart/form-data'];

/** What a call of the page's own code comes to: its status, and what the backend says it received. */
const call = (page: Page, path: string, init: object = {}): Promise<{ status: number; text: string }> =>
  page.evaluate(
    async (url, given) => {
      const response = await fetch(url, given);
      return { status: response.status, text: await response.text() };
    },
    path,
    init,
  );

describeBrowsers('a challenge', (browser) => {
  let site: Site;
  let load = 0;
  before(async () => {
    site = await startSite({
      config: {
        routes: [
          { match: '/api/echo/paid', challenge: 'always', contentTypes: FORMS },
          { match: 'GET /api/events', challenge: 'always' },
          { match: '/api/echo/busy', challenge: 'auto', contentTypes: FORMS },
          { match: '/api/**' },
        ],
        challenge: { cost: 100, enter: 'auto' },
      },
      parts: async () => ({ load: () => load }),
      handlers: {
        '/api/events': (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('data: hello\n\n');
        },
      },
    });
  });
  after(() => site.close());
  beforeEach(() => {
    load = 0;
  });
  const codes = () =>
    site.decisions.filter(({ path }) => !path.endsWith('.js')).map(({ path, code }) => `${path} ${code}`);
  const open = async (query = ''): Promise<Page> => {
    const page = await browser.page();
    await page.goto(`${site.url}/${query}`);
    await call(page, '/api/ready');
    site.clear();
    return page;
  };

  test('R40 a GET and a POST with a body are asked, solved and sent again by the page; the app sees the answer alone', async () => {
    const page = await open();
    assert.equal((await call(page, '/api/echo/paid')).status, 200);
    const posted = await call(page, '/api/echo/paid', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'hello',
    });
    assert.equal(posted.status, 200);
    assert.equal(JSON.parse(posted.text).text, 'hello');
    assert.deepEqual(codes(), [
      '/api/echo/paid challenge',
      '/api/echo/paid ',
      '/api/echo/paid challenge',
      '/api/echo/paid ',
    ]);
    assert.deepEqual(
      site.received.map(({ method, headers }) => [method, headers['sallyport-challenge']]),
      [
        ['GET', undefined],
        ['POST', undefined],
      ],
      'the backend got each call once, and nothing of the challenge',
    );
  });

  test('an upload through XMLHttpRequest is sent again whole, and the app sees one answer', async () => {
    const page = await open();
    const seen = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const xhr = new XMLHttpRequest();
          const form = new FormData();
          form.append('file', new Blob([new Uint8Array(200_000)]), 'a.bin');
          let events = '';
          for (const name of ['readystatechange', 'load', 'error'])
            xhr.addEventListener(name, () => {
              events += `${name}${name === 'readystatechange' ? xhr.readyState : ''} `;
            });
          xhr.addEventListener('loadend', () =>
            resolve(`${events}${xhr.status} ${JSON.parse(xhr.responseText).length > 200_000}`),
          );
          xhr.open('POST', '/api/echo/paid');
          xhr.send(form);
        }),
    );
    assert.match(seen, /^readystatechange1 .*readystatechange2 .*readystatechange4 load 200 true$/);
    assert.equal(seen.match(/load /g)?.length, 1);
    assert.equal(site.received.length, 1);
  });

  test('an event stream is opened by the page’s EventSource', async () => {
    const page = await open();
    const data = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const source = new EventSource('/api/events');
          source.onmessage = (event) => {
            source.close();
            resolve(event.data);
          };
          source.onerror = () => reject(new Error(`closed ${source.readyState}`));
        }),
    );
    assert.equal(data, 'hello');
  });

  test('fifty calls at once of a busy gate’s page solve one challenge, and none later', async () => {
    const page = await open();
    load = 0.95;
    const statuses = await page.evaluate(() =>
      Promise.all(Array.from({ length: 50 }, async (_, index) => (await fetch(`/api/echo/busy?${index}`)).status)),
    );
    assert.deepEqual([...new Set(statuses)], [200]);
    const solved = site.decisions.filter(({ path, code }) => path === '/_sallyport/challenge' && code === '');
    assert.equal(solved.length, 1);
    assert.equal(site.received.length, 50);
    site.clear();
    assert.equal((await call(page, '/api/echo/busy')).status, 200);
    assert.deepEqual(codes(), ['/api/echo/busy ']);
  });

  test('a new visitor of a busy gate computes before the door opens, in a worker of the page, and the app waits for that alone', async () => {
    const visitor = await browser.browser.createBrowserContext();
    const page = await visitor.newPage();
    const workers: string[] = [];
    page.on('workercreated', (worker) => workers.push(new URL(worker.url()).pathname));
    load = 0.8;
    site.clear();
    await page.goto(site.url);
    assert.equal((await call(page, '/api/echo')).status, 200);
    const entries = site.decisions.filter(({ path }) => path === '/_sallyport/enter').map(({ code }) => code);
    assert.deepEqual(entries, ['challenge', '']);
    if (browser.name === 'chromium') assert.match(workers.join(), /^\/_sallyport\/work\.[0-9a-f]{16}\.js$/);
    await visitor.close();
  });

  test('a page whose policy admits no worker solves it all the same', async () => {
    const page = await open(`?csp=${encodeURIComponent("default-src 'self'; worker-src 'none'")}`);
    assert.equal((await call(page, '/api/echo/paid')).status, 200);
  });
});
