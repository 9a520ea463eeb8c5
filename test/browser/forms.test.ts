import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import type { Config } from '../../src/guard/config.ts';
import { describeBrowsers, type TestBrowser } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];
const CONFIG: Partial<Config> = {
  preset: 'forms',
  antiForgery: { cookie: true },
  routes: [
    { match: 'POST /api/form', level: 'site', carriers: ['form'], contentTypes: FORM_TYPES },
    { match: '/api/calls/**', level: 'site', antiForgery: 'require' },
    { match: '/api/signed/**', antiForgery: 'require' },
  ],
};

const form = (more = ''): string =>
  `<form method="post" action="/api/form" ${more}><input name="text" value="hello" autofocus><input name="more"><button>send</button></form>`;
const pageWith = (site: Site, body: string): string => `${site.url}/?body=${encodeURIComponent(body)}`;

const start = (): Promise<Site> =>
  startSite({
    config: CONFIG,
    handlers: { '/api/form': (_, response) => response.writeHead(303, { location: '/?body=thanks' }).end() },
  });

/**
 * By the keyboard, as people do: nothing is run in the page. Where the browser has not set the focus yet, the key does
 * nothing, and is pressed again after a while.
 */
async function send(page: Page): Promise<void> {
  let sent = false;
  const gone = page.waitForNavigation().finally(() => {
    sent = true;
  });
  gone.catch(() => {});
  await page.bringToFront();
  for (let waited = 0; !sent; waited += 100) {
    if (waited === 3000) await page.keyboard.press('Tab');
    if (waited % 3000 === 0) await page.keyboard.press('Enter');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await gone;
}

/** Back by the browser's own button, and once more: a page that it kept has neither focus nor, in Firefox, any event. */
async function sendAgain(page: Page, site: Site): Promise<void> {
  const before = site.received.length;
  page.goBack({ timeout: 1000 }).catch(() => {});
  for (const end = performance.now() + 20_000; site.received.length === before; ) {
    if (performance.now() > end) throw new Error('the form was not sent again');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const texts = (site: Site): string[] => site.received.map(({ text }) => new URLSearchParams(text).get('text') ?? '');

describeBrowsers(
  'P6.4 forms of pages without scripts',
  (browser) => {
    let site: Site;
    before(async () => {
      site = await start();
    });
    beforeEach(() => site.clear());
    after(() => site.close());

    /** Firefox takes it from its settings, for all of its pages. */
    async function open(url: string): Promise<Page> {
      const page = await browser.newPage();
      if (browser.name === 'chromium') await page.setJavaScriptEnabled(false);
      await page.goto(url);
      return page;
    }

    test('a form is sent, back and sent again, from two tabs', async () => {
      const url = pageWith(site, form());
      const first = await open(url);
      const second = await open(url);
      await second.bringToFront();
      await send(second);
      await first.bringToFront();
      await send(first);
      await sendAgain(first, site);
      assert.deepEqual(new Set(texts(site)), new Set(['hello']));
      assert.deepEqual(
        site.decisions.filter(({ outcome }) => outcome !== 'admit'),
        [],
      );
      for (const page of [first, second]) await page.close();
    });

    test('a form with files too', async () => {
      const page = await open(pageWith(site, form('enctype="multipart/form-data"')));
      await send(page);
      assert.match(site.received[0]?.text ?? '', /name="text"\r\n\r\nhello/);
      await page.close();
    });

    test('a slow typist is in time, and one who comes back the next day is told what to do', async () => {
      const page = await open(pageWith(site, form()));
      site.skew += 7000 * 1000;
      await send(page);
      assert.equal(site.received.length, 1);
      await page.goto(pageWith(site, form()));
      site.skew += 24 * 3600 * 1000;
      await send(page);
      assert.equal(site.received.length, 1);
      // Browsers ask for an icon, too, when they like.
      assert.deepEqual(site.decisions.findLast(({ method }) => method === 'POST')?.code, 'anti-forgery');
      await page.close();
    });
  },
  { firefoxPrefs: { 'javascript.enabled': false } },
);

/** Runs a program in the page and answers what it returns. */
async function run<T>(browser: TestBrowser, url: string, program: string): Promise<T> {
  const page = await browser.page();
  await page.goto(url);
  return (await page.evaluate(`(async () => { ${program} })()`)) as T;
}

describeBrowsers('the cookie that libraries turn into a header', (browser) => {
  let site: Site;
  before(async () => {
    site = await start();
  });
  beforeEach(() => site.clear());
  after(() => site.close());

  const page = (): string =>
    `${site.url}/?head=${encodeURIComponent('<script src="/lib/axios.js"></script><script src="/lib/angular.js"></script>')}`;

  test('axios and AngularJS pick it up by themselves', async () => {
    const program = `
      const $http = angular.injector(['ng']).get('$http');
      const answers = [];
      for (const path of ['/api/calls/echo', '/api/signed/echo']) {
        answers.push((await axios.post(path, { by: 'axios' })).status);
        answers.push((await axios.post(path, { by: 'axios, fetch' }, { adapter: 'fetch' })).status);
        answers.push((await $http.put(path, { by: 'AngularJS' })).status);
      }
      return answers;`;
    const answers = await run<number[]>(browser, page(), program);
    assert.deepEqual(answers, [200, 200, 200, 200, 200, 200]);
    for (const { headers } of site.received) assert.match(String(headers['x-xsrf-token']), /^[\w.-]{100,}$/);
  });

  test('a call without it is refused, also one that is signed', async () => {
    const program = `
      const post = (path) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
      const answers = [];
      for (const path of ['/api/calls/echo', '/api/signed/echo']) answers.push((await (await post(path)).json()).code);
      return answers;`;
    assert.deepEqual(await run<string[]>(browser, page(), program), ['anti-forgery', 'anti-forgery']);
    assert.equal(site.received.length, 0);
  });

  test('a page that caches keep asks for a token by its own code', async () => {
    const program = `
      const asked = await fetch('/_sallyport/form-token', { headers: { 'x-requested-with': 'page' } });
      const { token, header } = await asked.json();
      const call = { method: 'POST', headers: { 'content-type': 'application/json', [header]: token }, body: '{}' };
      return (await fetch('/api/calls/echo', call)).status;`;
    assert.equal(await run<number>(browser, `${site.url}/?cache=public, max-age=60`, program), 200);
  });

  test('a form of a page with scripts is sent as well, before and after the page has entered', async () => {
    const tab = await browser.newPage();
    await tab.goto(pageWith(site, form()));
    await until(() => site.decisions.some(({ path }) => path === '/_sallyport/enter'));
    await send(tab);
    await sendAgain(tab, site);
    assert.deepEqual(new Set(texts(site)), new Set(['hello']));
    assert.ok(!site.decisions.some(({ code }) => code === 'anti-forgery'));
    await tab.close();
  });
});
