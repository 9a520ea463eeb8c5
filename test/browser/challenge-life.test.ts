import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

/** What becomes of a proof of work while its tab sleeps, and where a service worker stands between page and gate. */

const MINUTE = 60_000;
const ROUTES = [
  { match: '/api/echo/paid', challenge: 'always' as const },
  { match: '/api/echo/busy', challenge: 'auto' as const },
  { match: '/api/**' },
];
/** Iterations for which a solution takes a second or two: time to fall asleep in. */
const LONG = 40_000;

/** Keeps every refusal that the app is told of. */
const NOTE_REFUSALS = `self.refusals = []; addEventListener('sallyport-refusal', ({ detail }) => refusals.push(detail.code));`;

/** Starts a call of the page's own code; {@link ended} waits for it. */
const start = (page: Page, path: string, body = 'kept') =>
  page.evaluate(
    (url, text) => {
      const call = fetch(url, { method: 'POST', body: text, headers: { 'content-type': 'text/plain' } });
      Reflect.set(
        self,
        'call',
        call.then(async (response) => ({ status: response.status, text: await response.text() })),
      );
    },
    path,
    body,
  );

/** What the app got: status, what the backend says it received, and which refusals it was told of. */
const ended = (page: Page) =>
  page.evaluate(`call.then(({ status, text }) => ({ status, got: JSON.parse(text).text, refusals }))`);

describeBrowsers('a proof of work in a tab that sleeps', (browser) => {
  let site: Site;
  let page: Page;
  let load = 0;
  before(async () => {
    site = await startSite({
      config: {
        routes: ROUTES.map((route) => ({ ...route, contentTypes: ['text/plain'] })),
        challenge: { cost: LONG },
      },
      parts: async () => ({ load: () => load }),
    });
  });
  after(() => site.close());
  beforeEach(async () => {
    load = 0;
    page = await browser.newPage();
    await page.evaluateOnNewDocument(NOTE_REFUSALS);
    await page.goto(site.url);
    await page.evaluate(() => fetch('/api/ready').then((response) => response.text()));
    site.clear();
  });
  afterEach(() => page.close());
  const codes = () =>
    site.decisions.filter(({ path }) => !path.endsWith('.js')).map(({ path, code }) => `${path} ${code}`);
  const asked = (path: string) => until(() => codes().includes(`${path} challenge`));

  /** Asleep as a browser puts tabs to sleep; Firefox knows no such thing, and its time goes on alone. */
  const sleep = async (milliseconds: number): Promise<void> => {
    const session = browser.name === 'chromium' ? await page.createCDPSession() : null;
    await session?.send('Page.setWebLifecycleState', { state: 'frozen' });
    site.skew += milliseconds;
    await session?.send('Page.setWebLifecycleState', { state: 'active' });
    await session?.detach();
  };

  const asleep = {
    // The page's own clock stood as well: that is learned first.
    'a solution that is too late leads to another challenge, silently, and the body is kept': {
      minutes: 3,
      renewed: ['/api/echo/paid clock'],
    },
    'P7.4 asleep for twelve hours in the midst of a challenge: ticket and challenge are renewed, the person sees nothing':
      {
        minutes: 12 * 60,
        renewed: ['/api/echo/paid stale', '/_sallyport/enter stamp', '/_sallyport/enter '],
      },
  };
  for (const [name, { minutes, renewed }] of Object.entries(asleep)) {
    test(name, async () => {
      await start(page, '/api/echo/paid');
      await asked('/api/echo/paid');
      await sleep(minutes * MINUTE);
      assert.deepEqual(await ended(page), { status: 200, got: 'kept', refusals: [] });
      const expected = ['/api/echo/paid challenge', ...renewed, '/api/echo/paid challenge', '/api/echo/paid '];
      assert.deepEqual(codes(), expected);
      assert.equal(site.received.length, 1);
    });
  }

  test('P7.4 the same where one challenge is for all calls', async () => {
    load = 0.95;
    await start(page, '/api/echo/busy');
    await asked('/api/echo/busy');
    await sleep(12 * 60 * MINUTE);
    assert.deepEqual(await ended(page), { status: 200, got: 'kept', refusals: [] });
    assert.equal(site.received.length, 1);
  });

  test('a tab in the background solves it as well', async () => {
    const front = await browser.newPage();
    try {
      await front.bringToFront();
      await start(page, '/api/echo/paid');
      assert.deepEqual(await ended(page), { status: 200, got: 'kept', refusals: [] });
      assert.equal(site.received.length, 1);
    } finally {
      await front.close();
    }
  });
});

/** Passes calls on, makes its own, and keeps those to /api/echo/paid/later until it is told to send them. */
const SERVICE = `
  const queue = [];
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('fetch', (event) => {
    const { pathname } = new URL(event.request.url);
    if (pathname === '/api/echo/later') { queue.push(event.request.clone()); event.respondWith(new Response('{"text":"queued"}')); }
    else event.respondWith(fetch(event.request));
  });
  const ask = async (path) => (await fetch(path, { method: 'POST', body: 'own', headers: { 'content-type': 'text/plain' } })).status;
  addEventListener('message', async ({ data, source }) => {
    if (data === 'send') source.postMessage(await Promise.all(queue.splice(0).map(async (request) => (await fetch(request)).status)));
    else source.postMessage(await ask(data));
  });`;

describeBrowsers('a proof of work where a service worker stands between page and gate', (browser) => {
  let site: Site;
  let page: Page;
  let load = 0;
  before(async () => {
    site = await startSite({
      config: {
        routes: [{ match: '/api/echo/later', challenge: 'always' as const }, ...ROUTES].map((route) => ({
          ...route,
          contentTypes: ['text/plain'],
        })),
        challenge: { cost: 100, enter: 'auto' },
      },
      parts: async () => ({ load: () => load }),
      handlers: {
        '/service.js': (_request, response) =>
          response.writeHead(200, { 'content-type': 'text/javascript' }).end(SERVICE),
      },
    });
    page = await browser.newPage();
    await page.goto(site.url);
    await page.evaluate(`navigator.serviceWorker.register('/service.js').then(() => new Promise((done) => {
      if (navigator.serviceWorker.controller) done(); else navigator.serviceWorker.oncontrollerchange = () => done();
    }))`);
    await page.evaluateOnNewDocument(NOTE_REFUSALS);
  });
  after(() => site.close());
  beforeEach(async () => {
    load = 0;
    await page.goto(site.url);
    await page.evaluate(() => fetch('/api/ready').then((response) => response.text()));
    site.clear();
  });
  const tell = (what: string) =>
    page.evaluate(
      `new Promise((done) => { navigator.serviceWorker.onmessage = ({ data }) => done(data); navigator.serviceWorker.controller.postMessage('${what}'); })`,
    );

  test('P7.7 a call that it passes on is asked, solved and sent again; the app sees the answer alone', async () => {
    await start(page, '/api/echo/paid', 'through');
    assert.deepEqual(await ended(page), { status: 200, got: 'through', refusals: [] });
    assert.deepEqual(
      site.received.map(({ text }) => text),
      ['through'],
    );
  });

  test('P7.7 calls that it passes on while the gate is busy solve one challenge for the session', async () => {
    load = 0.95;
    for (const body of ['one', 'two']) {
      await start(page, '/api/echo/busy', body);
      assert.deepEqual(await ended(page), { status: 200, got: body, refusals: [] });
    }
    assert.equal(site.received.length, 2);
    const solved = site.decisions.filter(({ path, code }) => path === '/_sallyport/challenge' && code === '');
    assert.equal(solved.length, 1);
  });

  test('P7.7 it solves what its own calls are asked for', async () => {
    assert.equal(await tell('/api/echo/paid'), 200);
    assert.deepEqual(
      site.received.map(({ text }) => text),
      ['own'],
    );
  });

  for (const { when, skew } of [
    { when: 'at once', skew: 0 },
    { when: 'long after their proofs died', skew: 60 * MINUTE },
  ])
    test(`P7.7 calls that it keeps and sends ${when} are solved by it, each exactly once, though no page waits for them`, async () => {
      for (const body of ['one', 'two']) {
        await start(page, '/api/echo/later', body);
        assert.deepEqual(await ended(page), { status: 200, got: 'queued', refusals: [] });
      }
      assert.equal(site.received.length, 0);
      site.skew += skew;
      assert.deepEqual(await tell('send'), [200, 200]);
      assert.deepEqual(site.received.map(({ text }) => text).sort(), ['one', 'two']);
    });
});
