import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { HTTPRequest, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

/** What becomes of calls that wait for an entry while the whole machine sleeps. */

/** All clocks go on by this much; what was on its way is gone. */
const NIGHT = 12 * 3_600_000;

/** The page's clock runs ahead by `window.turned` milliseconds; in place before the script looks at it. */
const TURN_CLOCK = `(() => { const real = Date.now; Date.now = () => real() + (window.turned ?? 0); })()`;
const NOTE_REFUSALS = `self.refusals = []; addEventListener('sallyport-refusal', ({ detail }) => refusals.push(detail.code));`;

describeBrowsers('a machine that falls asleep while its page enters', (browser) => {
  let site: Site;
  let page: Page;
  let held: HTTPRequest[] = [];
  let holds = true;
  before(async () => {
    site = await startSite({ config: { routes: [{ match: '/api/**' }] } });
  });
  after(() => site.close());
  beforeEach(async () => {
    held = [];
    holds = true;
    page = await browser.newPage();
    await page.evaluateOnNewDocument(TURN_CLOCK);
    await page.evaluateOnNewDocument(NOTE_REFUSALS);
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (holds && request.url().endsWith('/enter')) held.push(request);
      else void request.continue();
    });
    await page.goto(site.url);
    await until(() => held.length === 1);
    site.clear();
  });
  afterEach(() => page.close());

  const start = () =>
    page.evaluate(() => {
      const calls = ['/api/one', '/api/two'].map((path) => fetch(path, { method: 'POST', body: 'kept' }));
      Reflect.set(self, 'calls', Promise.all(calls.map((call) => call.then(({ status }) => status))));
    });
  const ended = () => page.evaluate('calls.then((statuses) => ({ statuses, refusals }))');
  const sleep = async () => {
    site.skew += NIGHT;
    await page.evaluate((milliseconds) => Reflect.set(self, 'turned', milliseconds), NIGHT);
  };
  const entries = () =>
    site.decisions.filter(({ path, outcome }) => path === '/_sallyport/enter' && outcome === 'admit').length;

  test('P7.4 calls that waited for the entry go out after the night, by one new entry, and the app is told of nothing', async () => {
    await start();
    await sleep();
    holds = false;
    await held[0]?.abort();
    assert.deepEqual(await ended(), { statuses: [200, 200], refusals: [] });
    assert.equal(entries(), 1);
    assert.deepEqual(
      site.received.map(({ text }) => text),
      ['kept', 'kept'],
    );
  });

  test('P7.4 so do those whose network is not back at once', async () => {
    await start();
    await sleep();
    await held[0]?.abort();
    await until(() => held.length === 2);
    holds = false;
    await held[1]?.abort();
    assert.deepEqual(await ended(), { statuses: [200, 200], refusals: [] });
    assert.equal(entries(), 1);
  });

  test('without a night in between, an entry that stays blocked is given up, and the app learns why', async () => {
    await start();
    await page.evaluate(() => Reflect.set(self, 'turned', 4000));
    await held[0]?.abort();
    assert.deepEqual(await ended(), { statuses: [403, 403], refusals: ['entry-required', 'entry-required'] });
  });
});
