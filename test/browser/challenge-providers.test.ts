import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { HTTPRequest, Page } from 'puppeteer-core';
import { STEP_TEXTS } from '../../src/browser/challenge/texts.ts';
import { SCRIPTS } from '../challenges/providers/provider-pages.ts';
import {
  API_KEY,
  type ProviderServer,
  SECRET,
  SITE_KEY,
  startProvider,
} from '../challenges/providers/provider-server.ts';
import { describeBrowsers, type TestBrowser } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { untilPage as until } from './until.ts';

/** Providers’ challenges all the way: the app’s call, the gate, the page’s step, the provider, the gate, the backend. */

let provider: ProviderServer;
let site: Site;
/** Asks at the second door, and for a score alone. */
let guarded: Site;

const KINDS = ['turnstile', 'hcaptcha', 'recaptcha', 'recaptcha-enterprise'] as const;

before(async () => {
  provider = await startProvider();
  const at = (kind: (typeof KINDS)[number]) => ({
    siteKey: SITE_KEY,
    script: `${provider.origin}${SCRIPTS[kind]}`,
    verify: kind === 'recaptcha-enterprise' ? provider.origin : `${provider.origin}/${kind}`,
  });
  site = await startSite({
    config: {
      challenge: {
        kind: 'turnstile',
        // One iteration: what is tested is the way, not the work.
        cost: 100,
        turnstile: { ...at('turnstile'), secret: SECRET },
        hcaptcha: { ...at('hcaptcha'), secret: SECRET },
        recaptcha: { ...at('recaptcha'), secret: SECRET },
        'recaptcha-enterprise': { ...at('recaptcha-enterprise'), apiKey: API_KEY, project: 'my-project' },
      },
      routes: [
        ...KINDS.map((kind) => ({ match: `POST /api/${kind}`, challenge: { when: 'always' as const, kind } })),
        { match: 'GET /api/turnstile', challenge: 'always' },
        { match: 'GET /api/free' },
      ],
    },
  });
  guarded = await startSite({
    config: {
      challenge: {
        kind: 'recaptcha',
        enter: 'always',
        cost: 100,
        recaptcha: { ...at('recaptcha'), secret: SECRET, everyPage: true },
      },
      routes: [{ match: 'GET /api/free' }],
    },
  });
});
after(async () => {
  await guarded?.close();
  await site?.close();
  await provider?.close();
});
beforeEach(() => {
  Object.assign(provider.pages, { widget: 'passes', blocked: false, ready: Promise.resolve(), score: 0.9 });
  provider.pages.loaded.length = 0;
  provider.asked.length = 0;
  provider.next.length = 0;
  site.clear();
});

async function open(browser: TestBrowser, at: Site = site): Promise<Page> {
  const page = await browser.page();
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${provider.origin}`,
    `frame-src ${provider.origin}`,
    "connect-src 'self'",
    "style-src 'self'",
    "worker-src 'self'",
  ].join('; ');
  await page.goto(`${at.url}/?csp=${encodeURIComponent(policy)}`);
  return page;
}

/** Starts a call; {@link ended} says what the app got of it. */
const start = (page: Page, method: string, path: string, body?: string) =>
  page.evaluate(
    async (asked) => {
      Reflect.set(self, 'ended', undefined);
      const init = { method: asked.method, ...(asked.body === undefined ? {} : { body: asked.body }) };
      void fetch(asked.path, init).then(async (response) => {
        const text = await response.text();
        Reflect.set(self, 'ended', { status: response.status, text });
      });
    },
    { method, path, body },
  );

async function ended(page: Page): Promise<{ status: number; text: string }> {
  await until(() => page.evaluate(() => Reflect.get(self, 'ended') !== undefined));
  return page.evaluate(() => Reflect.get(self, 'ended'));
}

const dialogShown = (page: Page) =>
  page.evaluate(() => [...document.querySelectorAll('div')].some((each) => each.shadowRoot && !each.inert));

async function press(page: Page, text: string): Promise<void> {
  await until(() => dialogShown(page));
  await page.evaluate((label) => {
    const host = [...document.querySelectorAll('div')].find((each) => each.shadowRoot);
    const buttons = [...(host?.shadowRoot?.querySelectorAll<HTMLElement>('button') ?? [])];
    buttons.find((each) => each.textContent === label)?.click();
  }, text);
}

async function pressInFrame(page: Page, path: string): Promise<void> {
  const frame = () => page.frames().find((each) => each.url().includes(path));
  await until(async () => (await frame()?.$('button')) != null);
  await frame()?.evaluate(() => document.querySelector('button')?.click());
}

describeBrowsers('a route that asks for a provider’s challenge', (browser) => {
  for (const kind of KINDS) {
    test(`${kind}: the app sees the answer alone, the backend one call with its body`, async () => {
      const page = await open(browser);
      await start(page, 'POST', `/api/${kind}?say=done`, 'the body');
      if (kind === 'hcaptcha') await pressInFrame(page, '/task');
      assert.deepEqual(await ended(page), { status: 200, text: 'done' });
      assert.deepEqual(
        site.received.map(({ method, text }) => `${method} ${text}`),
        ['POST the body'],
      );
      assert.equal(provider.asked.length, 1);
      assert.equal(await dialogShown(page), false);
    });
  }

  test('P6.1 a page that is asked for nothing loads nothing of a provider’s', async () => {
    const page = await open(browser);
    await start(page, 'GET', '/api/free');
    assert.equal((await ended(page)).status, 200);
    assert.deepEqual(provider.pages.loaded, []);
  });

  test('P6.5 a score that is too low is no dead end: the work is done instead, and nobody notices', async () => {
    provider.pages.score = 0.1;
    const page = await open(browser);
    await start(page, 'POST', '/api/recaptcha?say=done', 'the body');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(site.received.length, 1);
    assert.equal(provider.asked.length, 1, 'one score is enough');
    assert.equal(await dialogShown(page), false);
  });

  test('P6.2 a person passes by the dialog', async () => {
    provider.pages.widget = 'asks';
    const page = await open(browser);
    await start(page, 'POST', '/api/turnstile?say=done', 'the body');
    await until(() => dialogShown(page));
    await pressInFrame(page, '/widget');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
  });

  test('P6.2 the other way in place of the widget passes by work alone; the provider is not asked', async () => {
    provider.pages.widget = 'asks';
    const page = await open(browser);
    await start(page, 'POST', '/api/turnstile?say=done', 'the body');
    await press(page, STEP_TEXTS.en.other);
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(provider.asked.length, 0);
    assert.equal(site.received.length, 1);
  });

  test('a script that a blocker keeps away: a message, and the other way', async () => {
    provider.pages.blocked = true;
    const page = await open(browser);
    await start(page, 'POST', '/api/hcaptcha?say=done', 'the body');
    await press(page, STEP_TEXTS.en.other);
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
  });

  test('at the second door: a score opens it, and the page loads the script from the start as it was told', async () => {
    const page = await open(browser, guarded);
    await start(page, 'GET', '/api/free?say=done');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(provider.asked.length, 1);
    const tag = await page.evaluate(() => document.querySelectorAll('script[src*="render=site-key-1"]').length);
    assert.ok(tag >= 1);
  });

  test('P6.5 at the second door a score that is too low is no dead end either', async () => {
    provider.pages.score = 0.1;
    // A browser that was let in before is not new.
    await browser.browser.deleteCookie(...(await browser.browser.cookies()));
    const page = await open(browser, guarded);
    await start(page, 'GET', '/api/free?say=done');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(provider.asked.length, 1);
  });

  /** Opens a new tab of the guarded site, as a browser that is new there. */
  async function arrive(): Promise<{ page: Page; loaded: Promise<unknown> }> {
    await browser.browser.deleteCookie(...(await browser.browser.cookies()));
    const page = await browser.newPage();
    return { page, loaded: page.goto(guarded.url) };
  }

  test('at the second door, a script that the page itself is still loading is not loaded again', async () => {
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    provider.pages.ready = promise;
    const { page, loaded } = await arrive();
    const part = await page.waitForRequest((request) => /\/captcha\.[0-9a-f]+\.js/.test(request.url()));
    // The page asks for the part once; once it runs for us, it has run for the page's script.
    await page.evaluate((url) => import(url).then(() => new Promise((resolve) => setTimeout(resolve))), part.url());
    answer();
    await loaded;
    await start(page, 'GET', '/api/free?say=done');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.deepEqual(provider.pages.loaded, [`${SCRIPTS.recaptcha}?render=${SITE_KEY}`]);
    assert.equal(provider.asked.length, 1);
    await page.close();
  });

  test('at the second door, a script that the page itself could not load is no dead end', async () => {
    provider.pages.blocked = true;
    const { page, loaded } = await arrive();
    await loaded;
    await start(page, 'GET', '/api/free?say=done');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(provider.asked.length, 0);
    await page.close();
  });

  test('where the part that knows providers cannot be loaded, the app gets the gate’s own answer', async () => {
    const page = await browser.newPage();
    await page.setRequestInterception(true);
    const stop = (request: HTTPRequest) =>
      void (/\/captcha\.[0-9a-f]+\.js/.test(request.url()) ? request.abort() : request.continue());
    page.on('request', stop);
    await page.goto(site.url);
    await start(page, 'POST', '/api/turnstile', 'the body');
    const { status } = await ended(page);
    await page.close();
    assert.equal(status, 403);
  });

  test('a person who stops it: the app gets the refusal, the backend nothing', async () => {
    provider.pages.widget = 'asks';
    const page = await open(browser);
    await start(page, 'POST', '/api/turnstile', 'the body');
    await press(page, STEP_TEXTS.en.cancel);
    const { status, text } = await ended(page);
    assert.equal(status, 403);
    const { code, retryable } = JSON.parse(text);
    assert.deepEqual({ code, retryable }, { code: 'challenge', retryable: true });
    assert.equal(site.received.length, 0);
  });

  test('a provider that is down refuses what changes something; when it is back the same call passes', async () => {
    const page = await open(browser);
    const down = (response: import('node:http').ServerResponse) => void response.writeHead(503).end();
    provider.next.push(down, down);
    await start(page, 'POST', '/api/turnstile', 'the body');
    const { status, text } = await ended(page);
    assert.equal(`${status} ${JSON.parse(text).code}`, '503 unsure');
    assert.equal(site.received.length, 0);
    await start(page, 'POST', '/api/turnstile?say=done', 'the body');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
  });

  test('a token of another host is refused, and the person gets in the other way', async () => {
    provider.next.push((response) =>
      response.writeHead(200).end('{"success":true,"hostname":"evil.example","challenge_ts":"2026-01-01T00:00:00Z"}'),
    );
    const page = await open(browser);
    await start(page, 'POST', '/api/turnstile?say=done', 'the body');
    assert.deepEqual(await ended(page), { status: 200, text: 'done' });
    assert.equal(site.received.length, 1);
  });
});
