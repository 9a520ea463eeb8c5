import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import type { Config } from '../../src/guard/config.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { untilPage } from './until.ts';

/** Logins of people whose browser keeps less than others: private windows, storage that is refused, a clock that is wrong. */

const PASSWORD = 'correct horse battery';
const CONFIG: Partial<Config> = {
  login: { accounts: { signUp: 'open' } },
  routes: [{ match: 'GET /api/mine', user: true }, { match: 'GET /api/open/**' }],
};

const worker = (_request: unknown, response: ServerResponse): void =>
  void response
    .writeHead(200, { 'content-type': 'text/javascript' })
    .end(`fetch('/api/mine').then(({ status }) => postMessage(status));`);

const status = (page: Page, path: string): Promise<number> =>
  page.evaluate(async (url) => (await fetch(url)).status, path);

const own = (page: Page, name: string, given: object): Promise<unknown> =>
  page.evaluate((what, body) => Reflect.get(window, Symbol.for('sallyport')).ask(what, body), name, given);

const signUp = (page: Page, name: string): Promise<number> =>
  page.evaluate(
    async (person, password) => {
      const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
      const body = JSON.stringify({ name: person, password });
      return (await fetch('/_sallyport/signup', { method: 'POST', headers, body })).status;
    },
    name,
    PASSWORD,
  );

describeBrowsers(
  'in a private window',
  (browser) => {
    let site: Site;
    before(async () => {
      site = await startSite({ config: CONFIG });
    });
    after(() => site?.close());

    test('a login outlives its page, as anywhere', async () => {
      const page = await browser.newPage();
      await page.goto(`${site.url}/`);
      assert.equal(await signUp(page, `anna-${browser.name}`), 200);
      await page.goto(`${site.url}/`);
      assert.equal(await status(page, '/api/mine'), 200);
      await page.reload();
      assert.equal(await status(page, '/api/mine'), 200);
      await page.close();
    });
  },
  { firefoxPrefs: { 'browser.privatebrowsing.autostart': true }, chromiumArgs: ['--incognito'] },
);

describeBrowsers('a login', (browser) => {
  let site: Site;
  before(async () => {
    site = await startSite({ config: CONFIG, handlers: { '/worker.js': worker } });
  });
  after(() => site?.close());

  test('where storage is refused it lasts as long as its page, and the next one is told 401 and goes on', async () => {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(() => {
      Object.defineProperty(window, 'indexedDB', {
        get() {
          throw new DOMException('storage is refused', 'SecurityError');
        },
      });
    });
    const name = `ben-${browser.name}`;
    await page.goto(`${site.url}/`);
    assert.equal(await signUp(page, name), 200);
    const answer = await own(page, 'login', { name, password: PASSWORD });
    assert.equal(Reflect.get(Object(answer), 'ok'), true, JSON.stringify(answer));
    assert.equal(await status(page, '/api/mine'), 200, 'in the page where the login was made');
    await page.reload();
    assert.equal(await status(page, '/api/mine'), 401, 'the key is gone with the page');
    assert.equal(await status(page, '/api/open/x'), 200, 'everything else goes on');
    const again = await own(page, 'login', { name, password: PASSWORD });
    assert.equal(Reflect.get(Object(again), 'ok'), true);
    assert.equal(await status(page, '/api/mine'), 200);
    await page.close();
  });

  for (const [what, days] of [
    ['ahead', 1],
    ['behind', -1],
  ] as const) {
    test(`by a clock that is a day ${what} is a login`, async () => {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument((off) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + off;
      }, days * 86_400_000);
      await page.goto(`${site.url}/`);
      assert.equal(await signUp(page, `cleo-${what}-${browser.name}`), 200);
      await page.goto(`${site.url}/`);
      assert.equal(await status(page, '/api/mine'), 200);
      await page.close();
    });
  }

  test('is one in the page’s workers too, which read no cookies', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/`);
    assert.equal(await signUp(page, `emil-${browser.name}`), 200);
    await page.goto(`${site.url}/`);
    assert.equal(await status(page, '/api/mine'), 200);
    const got = await page.evaluate(
      `new Promise((done) => { new Worker('/worker.js').onmessage = ({ data }) => done(data); })`,
    );
    assert.equal(got, 200);
    await page.close();
  });

  test('R18 the page that the back button brings out of memory is told that nobody is logged in any more', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/`);
    assert.equal(await signUp(page, `dora-${browser.name}`), 200);
    await page.goto(`${site.url}/`);
    assert.equal(await status(page, '/api/mine'), 200);
    await page.goto(`${site.url}/?next`);
    await own(page, 'logout', {});
    // Out of memory nothing is loaded, so there is no load to wait for.
    await page.evaluate(() => history.back()).catch(() => {});
    await untilPage(() => page.evaluate(() => document.readyState === 'complete' && !location.search.includes('next')));
    assert.ok([401, 403].includes(await status(page, '/api/mine')));
    await page.close();
  });
});
