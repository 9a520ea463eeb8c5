import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { makeTexts } from '../../src/builds/maker.ts';
import type { Make } from '../../src/builds/shelf.ts';
import { describeBrowsers } from './browsers.ts';
import type { Bundle } from '../../src/doors/script.ts';
import { type Site, startSite } from './site.ts';
import { untilPage } from './until.ts';

const HOUR = 3_600_000;
/** One call by each means, signed by whichever build the page has. */
const CALLS = `(async () => {
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' };
  const xhr = () => new Promise((done) => { const made = new XMLHttpRequest(); made.onloadend = () => done(made.status); made.open('PUT', '/api/echo?b=2'); made.send('x'); });
  const socket = (offered) => new Promise((done) => { const made = new WebSocket('ws://' + location.host + '/api/socket?a', offered); made.onopen = () => { made.close(); done('open ' + made.protocol); }; made.onerror = () => done('error'); });
  return [(await fetch('/api/echo')).status, (await fetch('/api/echo', json)).status, await xhr(), await socket([]), await socket(['chat'])];
})()`;
const ALL_PASSED = [200, 200, 200, 'open ', 'open chat'];
const WORKER = `postMessage(0); onmessage = async () => { const got = []; for (const method of ['GET', 'POST']) got.push((await fetch('/api/echo', { method })).status); postMessage(got); };`;
const ASK_WORKER = `new Promise((done) => { worker.onmessage = ({ data }) => done(data); worker.postMessage(1); })`;

/** The first build, the same in both browsers, is made in earnest; for those that follow their names are enough. */
const made = new Map<number, Promise<Bundle>>();
function makeBuild(): Make {
  let isFirst = true;
  return (texts, recipe, options) => {
    if (!isFirst) return Promise.resolve(texts);
    isFirst = false;
    const known = made.get(recipe.seed) ?? makeTexts(texts, recipe, options);
    made.set(recipe.seed, known);
    return known;
  };
}

const buildOf = (page: Page): Promise<unknown> => page.evaluate(`document.querySelector('script').src`);

describeBrowsers('builds of the page’s script', (browser) => {
  let site: Site;
  let page: Page;
  const refused = (): string[] => site.decisions.flatMap(({ outcome, code }) => (outcome === 'refuse' ? [code] : []));

  /** The gate's clock goes on, and pages get another build. */
  async function turn(hours: number): Promise<void> {
    const old = await buildOf(page);
    site.skew += hours * HOUR;
    const tab = await browser.newPage();
    await untilPage(async () => {
      await tab.goto(site.url);
      return (await buildOf(tab)) !== old;
    });
    assert.deepEqual(await tab.evaluate(CALLS), ALL_PASSED, 'a page of the new build');
    await tab.close();
  }

  before(async () => {
    site = await startSite({
      config: { builds: 'hour', decoys: ['GET /api/admin/export'] },
      parts: async () => ({ makeBuild: makeBuild(), secret: 'a secret of this test, long enough for all' }),
      handlers: {
        '/worker.js': (_request, response) =>
          response.writeHead(200, { 'content-type': 'text/javascript' }).end(WORKER),
      },
    });
    page = await browser.page();
    await page.goto(site.url);
    await page.evaluate(
      `new Promise((done) => { window.worker = new Worker('/worker.js'); worker.onmessage = done; })`,
    );
  });
  after(() => site.close());
  beforeEach(() => site.clear());

  test('every call passes, in words that only its build has; the backend sees none of them', async () => {
    assert.deepEqual(await page.evaluate(CALLS), ALL_PASSED);
    assert.deepEqual(await page.evaluate(ASK_WORKER), [200, 200]);
    assert.deepEqual(refused(), []);
    for (const { url, headers } of site.received) {
      assert.deepEqual(
        Object.keys(headers).filter((name) => /^x-[a-z]{10}$|^signature/.test(name)),
        [],
      );
      assert.match(url, /^\/api\/(?:echo|socket\?a$|echo\?b=2$)/);
      assert.doesNotMatch(headers['sec-websocket-protocol'] ?? '', /\./);
    }
  });

  test('the page gets no global name of the script’s, and touches no decoy', async () => {
    const names = await page.evaluate(`Object.keys(window).filter((name) => /^(a0_)?0x|^[a-z]$|SALLYPORT/.test(name))`);
    assert.deepEqual(names, []);
    assert.doesNotMatch(
      await (await fetch((await buildOf(page)) as string)).text(),
      /sallyport-1|\/api\/admin\/export/,
    );
    assert.deepEqual(
      site.received.filter(({ url }) => url.includes('admin')),
      [],
    );
  });

  test('a page of the build before goes on with it while others get the next one, in a worker too', async () => {
    await turn(1);
    site.clear();
    assert.deepEqual(await page.evaluate(CALLS), ALL_PASSED);
    assert.deepEqual(await page.evaluate(ASK_WORKER), [200, 200]);
    // Its ticket ended with the hour: it entered again, by the build it has.
    assert.ok(!refused().includes('build'), `${refused()}`);
  });

  test('a page whose build is no longer taken gets the names of the present one, and nobody notices', async () => {
    await page.evaluate(`window.here = 'the same page'`);
    await turn(24);
    site.clear();
    assert.deepEqual(await page.evaluate(CALLS), ALL_PASSED);
    assert.deepEqual(await page.evaluate(ASK_WORKER), [200, 200]);
    assert.ok(refused().includes('build'), `${refused()}`);
    assert.equal(await page.evaluate('window.here'), 'the same page');
  });
});
