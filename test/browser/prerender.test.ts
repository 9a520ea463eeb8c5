import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

const RULES = `<script type="speculationrules">{"prerender":[{"source":"list","urls":["/next"]}]}</script>`;
const EARLY = `<script type="speculationrules">{"prerender":[{"source":"list","urls":["/calls"]}]}</script>`;

describeBrowsers('pages that load before they are seen, and preloads', (browser) => {
  let site: Site;
  let page: Page;
  let views = 0;

  before(async () => {
    const html = (text: string) => (_request: unknown, response: import('node:http').ServerResponse) => {
      views++;
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-cache' }).end(text);
    };
    site = await startSite({
      handlers: {
        '/next': html('<!doctype html><title>next</title><h1>next</h1>'),
        '/calls': html('<!doctype html><title>calls</title><script src="/calls.js"></script>'),
        '/calls.js': (_request, response) =>
          response
            .writeHead(200, { 'content-type': 'text/javascript' })
            .end(`fetch('/api/echo?prerendering=' + !!document.prerendering)`),
      },
    });
    page = await browser.page();
  });
  after(() => site.close());

  const entries = () =>
    site.decisions.filter(({ path, outcome }) => path === '/_sallyport/enter' && outcome === 'admit').length;

  if (browser.name === 'chromium') {
    test('a prerendered page enters when it is seen', async () => {
      // A tab of its own: what drives it may lose it when the prerendered page takes its place.
      const tab = await browser.newPage();
      await tab.goto(`${site.url}/?head=${encodeURIComponent(RULES)}`);
      await until(() => views === 1);
      await tab.evaluate(() => fetch('/api/echo').then((response) => response.text()));
      const before = entries();
      assert.equal(before, 1, 'only the page that is seen has entered');
      await tab.evaluate(() => void setTimeout(() => location.assign('/next')));
      await until(() => entries() === 2);
      assert.equal(views, 1, 'the prerendered page is the one that is shown');
      await tab.close().catch(() => {});
    });

    test('a prerendered page that calls enters at once', async () => {
      // Nothing is prerendered for a page in the background.
      await page.bringToFront();
      await page.goto(`${site.url}/?head=${encodeURIComponent(EARLY)}`);
      await until(() => site.received.some(({ url }) => url === '/api/echo?prerendering=true'));
    });
  }

  test('a preload of a covered address does not spoil the signed call', async () => {
    site.clear();
    const head = `<link rel="preload" as="fetch" crossorigin="anonymous" href="/api/echo?preloaded"><link rel="preload" as="fetch" href="/api/echo?again">`;
    await page.goto(`${site.url}/?head=${encodeURIComponent(head)}`);
    assert.equal(await page.evaluate(() => fetch('/api/echo?preloaded').then(({ status }) => status)), 200);
    assert.equal(
      site.decisions.filter(({ code }) => code === 'entry-required').length,
      0,
      'the gate removes such preloads',
    );
    // A preload that no one removed: the browser hands its refusal to the signed call, which is then made once more.
    const status = await page.evaluate(async () => {
      const link = document.createElement('link');
      Object.assign(link, { rel: 'preload', as: 'fetch', crossOrigin: 'anonymous', href: '/api/echo?late' });
      const loaded = new Promise((done) => {
        link.onload = link.onerror = done;
      });
      document.head.append(link);
      await loaded;
      return (await fetch('/api/echo?late')).status;
    });
    assert.equal(status, 200);
  });
});
