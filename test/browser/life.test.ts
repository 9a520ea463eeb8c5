import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

const HOUR = 3_600_000;

/** The page's clock runs ahead by `window.turned` milliseconds; in place before the script looks at it. */
const TURN_CLOCK = `(() => { const real = Date.now; Date.now = () => real() + (window.turned ?? 0); })()`;

describeBrowsers('the life of a page', (browser) => {
  let site: Site;
  let page: Page;

  before(async () => {
    site = await startSite({
      config: {
        routes: [{ match: 'POST /api/beacon', sync: ['beacon'], contentTypes: ['text/plain'] }, { match: '/api/**' }],
      },
    });
    page = await browser.newPage();
    await page.evaluateOnNewDocument(TURN_CLOCK);
  });
  after(() => site.close());
  beforeEach(async () => {
    await page.goto(site.url);
    await page.evaluate(() => fetch('/api/warm').then((response) => response.text()));
    site.clear();
  });

  const call = (
    to: Page,
    script = `fetch('/api/echo', { method: 'POST', body: 'kept' })`,
  ): Promise<{ status: number; text: string }> =>
    to.evaluate(
      `${script}.then(async (response) => ({ status: response.status, text: await response.text() }))`,
    ) as Promise<{ status: number; text: string }>;
  const codes = () =>
    site.decisions.filter(({ path }) => path.startsWith('/api/')).map(({ outcome, code }) => code || outcome);
  const entries = () =>
    site.decisions.filter(({ path, outcome }) => path === '/_sallyport/enter' && outcome === 'admit').length;

  test('P7.3 ten tabs of one session call and renew side by side', async () => {
    const tabs = await Promise.all(Array.from({ length: 9 }, () => browser.newPage()));
    try {
      for (const tab of tabs) await tab.goto(site.url);
      const statuses = await Promise.all(
        [page, ...tabs].map((tab) =>
          tab.evaluate(() =>
            Promise.all(Array.from({ length: 10 }, () => fetch('/api/x').then(({ status }) => status))),
          ),
        ),
      );
      assert.deepEqual(new Set(statuses.flat()), new Set([200]));
      site.skew += 9 * 60_000;
      const later = await Promise.all([page, ...tabs].map((tab) => call(tab)));
      assert.deepEqual(new Set(later.map(({ status }) => status)), new Set([200]));
    } finally {
      for (const tab of tabs) await tab.close();
    }
  });

  test('P7.4 a tab that slept for twelve hours: one silent entry, and the body is kept', async () => {
    site.skew += 11.9 * HOUR;
    await page.evaluate((turned) => Reflect.set(window, 'turned', turned), 11.9 * HOUR);
    const { status, text } = await call(page);
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).text, 'kept');
    assert.equal(entries(), 1);
  });

  test('P7.4 a ticket that only the server knows to be dead: one refusal, one entry, one retry', async () => {
    site.skew += 30 * 60_000;
    const { status, text } = await call(page);
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).text, 'kept');
    assert.deepEqual(codes(), ['stale', 'admit']);
    assert.equal(site.received.length, 1);
  });

  test('P7.4 a page that is seen again with a dead ticket enters before anything calls', async () => {
    site.skew += HOUR;
    await page.evaluate((turned) => {
      Reflect.set(window, 'turned', turned);
      document.dispatchEvent(new Event('visibilitychange'));
    }, HOUR);
    await until(() => entries() === 1);
    assert.equal((await call(page)).status, 200);
    assert.deepEqual(codes(), ['admit']);
    assert.equal(entries(), 1);
  });

  test('calls that wait for one entry share it, and those of a gate that restarted enter once', async () => {
    await site.restart();
    const statuses = await page.evaluate(() =>
      Promise.all(Array.from({ length: 20 }, (_, index) => fetch(`/api/x?${index}`).then(({ status }) => status))),
    );
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(entries(), 1);
  });

  test('a ticket near its end is renewed while it still serves', async () => {
    site.skew += 9 * 60_000;
    await page.evaluate((turned) => Reflect.set(window, 'turned', turned), 9 * 60_000);
    assert.equal((await call(page)).status, 200);
    assert.deepEqual(codes(), ['admit']);
    await until(() => entries() === 1);
  });

  test('P7.6 clocks that are a day off, and one that jumps later', async () => {
    for (const turned of [-24 * HOUR, 24 * HOUR]) {
      await page.evaluateOnNewDocument(`window.turned = ${turned}`);
      await page.goto(site.url);
      assert.equal((await call(page)).status, 200);
      // Back to right, a day away from what was learned.
      site.clear();
      await page.evaluate(() => Reflect.set(window, 'turned', Reflect.get(window, 'turned') + 120_000));
      assert.equal((await call(page)).status, 200);
      assert.deepEqual(codes(), ['clock', 'admit']);
    }
    await page.evaluateOnNewDocument('window.turned = 0');
  });

  test('P7.5 a page back from the back/forward cache goes on, with a ticket that died meanwhile', async () => {
    const tab = await browser.newPage();
    try {
      await tab.goto(site.url);
      await tab.evaluate(() => Reflect.set(window, 'kept', 'in memory'));
      await tab.goto(`${site.url}/?body=other`);
      // Waiting for the navigation would wait for a load event that a page out of the cache does not fire.
      await tab.evaluate(() => void setTimeout(() => history.back()));
      await untilPage(() => tab.evaluate(() => Reflect.get(window, 'kept') === 'in memory'));
      site.skew += 30 * 60_000;
      assert.equal((await call(tab)).status, 200);
    } finally {
      await tab.close();
    }
  });

  test('P7.1 a beacon while the page is left arrives, signed', async () => {
    await page.evaluate(() => {
      addEventListener('pagehide', () => {
        navigator.sendBeacon('/api/beacon', 'left');
        fetch('/api/beacon', { method: 'POST', body: 'kept alive', keepalive: true });
      });
    });
    await page.goto(`${site.url}/elsewhere`);
    await until(() => site.received.length === 2);
    assert.deepEqual(site.received.map(({ text }) => text).sort(), ['kept alive', 'left']);
    assert.deepEqual(codes(), ['admit', 'admit']);
  });

  test('P7.1 a beacon elsewhere is a signed keepalive call', async () => {
    const taken = await page.evaluate(() => [
      navigator.sendBeacon('/api/echo', new Blob(['b'], { type: 'text/plain' })),
      navigator.sendBeacon('/api/echo', 'x'.repeat(70_000)),
    ]);
    assert.deepEqual(taken, [true, false]);
    await until(() => site.received.length === 1);
    assert.deepEqual(codes(), ['admit']);
  });

  test('where entry is blocked, calls go out unsigned after three seconds, and the refusal can be shown', async () => {
    await page.setRequestInterception(true);
    const block = (request: import('puppeteer-core').HTTPRequest) =>
      void (request.url().endsWith('/enter') ? request.abort() : request.continue());
    page.on('request', block);
    try {
      await page.goto(site.url);
      const answer = await page.evaluate(async () => {
        const told = new Promise<{ code: string; name: string; id: string }>((resolve) =>
          addEventListener('sallyport-refusal', (event) => {
            if (event instanceof CustomEvent)
              resolve({ code: event.detail.code, name: event.detail.name, id: event.detail.id });
          }),
        );
        const began = performance.now();
        const response = await fetch('/api/echo');
        const waited = performance.now() - began;
        const problem = await response.json();
        const second = performance.now();
        await fetch('/api/echo');
        return {
          status: response.status,
          waited,
          again: performance.now() - second,
          code: problem.code,
          told: await told,
          same: (await told).id === problem.id,
        };
      });
      assert.equal(answer.status, 403);
      assert.equal(answer.code, 'entry-required');
      assert.equal(answer.told.name, 'SallyportError');
      assert.equal(answer.same, true);
      assert.ok(answer.waited < 3600, `${answer.waited}`);
      assert.ok(answer.again < 2000, `${answer.again}`);
    } finally {
      page.off('request', block);
      await page.setRequestInterception(false);
    }
  });
});
