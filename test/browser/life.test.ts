import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { HTTPRequest, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

const HOUR = 3_600_000;

/** Sends the page's own request, with every field that counts, before the page does. */
async function sendFirst(intercepted: HTTPRequest): Promise<void> {
  const { origin } = new URL(intercepted.url());
  const site = { origin, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  const own = Object.fromEntries(
    Object.entries(intercepted.headers()).filter(([name]) => /^(?:signature|content-(?:type|digest))/i.test(name)),
  );
  await new Promise<void>((resolve, reject) => {
    const sent = httpRequest(intercepted.url(), { method: intercepted.method(), headers: { ...own, ...site } });
    sent.on('error', reject).on('response', (response) => response.resume().on('end', resolve));
    sent.end('once');
  });
}

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

  test('P7.3 ten tabs call and renew side by side, a thousand times, and none loses its ticket to another', async () => {
    const STEP = 490_000;
    const tabs = await Promise.all(Array.from({ length: 10 }, () => browser.newPage()));
    try {
      // No clock may turn between an answer and its page.
      const settled = async (count: number) => {
        for (const tab of tabs) {
          await untilPage(() =>
            tab.evaluate(
              (least) =>
                performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/enter')).length >= least,
              count,
            ),
          );
        }
      };
      for (const tab of tabs) {
        await tab.evaluateOnNewDocument(TURN_CLOCK);
        await tab.goto(site.url);
      }
      await settled(1);
      // Each round makes every ticket due; the first call renews beside itself, the others meet it under way or done.
      for (let round = 1; round <= 10; round++) {
        site.skew += STEP;
        const statuses = await Promise.all(
          tabs.map((tab) =>
            tab.evaluate((step) => {
              Reflect.set(window, 'turned', (Reflect.get(window, 'turned') ?? 0) + step);
              const call = () => fetch('/api/x').then(({ status }) => status);
              const three = () => call().then(call).then(call);
              // The first finds the ticket due; the last come when it may have been renewed.
              return Promise.all([call(), three(), three(), three()]);
            }, STEP),
          ),
        );
        assert.deepEqual(new Set(statuses.flat()), new Set([200]), `round ${round}`);
        await settled(round + 1);
      }
      const made = codes();
      assert.deepEqual(new Set(made), new Set(['admit']));
      assert.equal(made.length, 1000);
    } finally {
      for (const tab of tabs) await tab.close();
    }
  });

  test('two hundred calls at a page’s start share one entry', async () => {
    const calls = `<script>self.all = Promise.all(Array.from({ length: 200 }, (_, index) => fetch('/api/x?' + index).then(({ status }) => status)))</script>`;
    await page.goto(`${site.url}/?body=${encodeURIComponent(calls)}`);
    const statuses = (await page.evaluate('self.all')) as number[];
    assert.equal(statuses.length, 200);
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(entries(), 1);
    assert.deepEqual(new Set(codes()), new Set(['admit']));
  });

  test('R42 a POST whose proof somebody else was quicker to send is not sent again; a PUT is', async () => {
    // What a thief on the way would do: the captured request first, then the page's own.
    const steal = async (intercepted: HTTPRequest) => {
      if (intercepted.url().endsWith('/api/echo') && stolen === 0) {
        stolen++;
        await sendFirst(intercepted);
      }
      await intercepted.continue();
    };
    let stolen = 0;
    await page.setRequestInterception(true);
    const listen = (intercepted: HTTPRequest) => void steal(intercepted);
    page.on('request', listen);
    try {
      const outcome = (method: string) =>
        page.evaluate(
          (how) =>
            fetch('/api/echo', { method: how, body: 'once' }).then(
              ({ status }) => status,
              ({ name, cause }) => `${name} ${cause.code}`,
            ),
          method,
        );
      assert.equal(await outcome('POST'), 'TypeError replayed', 'the page hears that the network failed');
      assert.deepEqual(codes(), ['admit', 'replayed']);
      site.clear();
      stolen = 0;
      const old = await page.evaluate(async () => {
        const xhr = new XMLHttpRequest();
        const heard: string[] = [];
        const ended = new Promise((resolve) => xhr.addEventListener('loadend', resolve));
        for (const name of ['load', 'error', 'loadend']) xhr.addEventListener(name, () => heard.push(name));
        xhr.open('POST', '/api/echo');
        xhr.send('once');
        await ended;
        return [...heard, xhr.status, xhr.readyState, xhr.responseText];
      });
      assert.deepEqual(old, ['error', 'loadend', 0, 4, '']);
      assert.deepEqual(codes(), ['admit', 'replayed']);
      site.clear();
      stolen = 0;
      assert.equal(await outcome('PUT'), 200);
      assert.deepEqual(codes(), ['admit', 'replayed', 'admit']);
    } finally {
      page.off('request', listen);
      await page.setRequestInterception(false);
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
