import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { untilPage } from './until.ts';

const PASSWORD = 'correct horse battery';

interface Told {
  readonly status: number;
  readonly code: string;
}

describeBrowsers('a login and its session', (browser) => {
  let site: Site;

  before(async () => {
    site = await startSite({
      config: {
        login: { accounts: { signUp: 'open' } },
        routes: [
          { match: 'GET /api/mine', user: true },
          { match: 'POST /api/notes', user: true },
          { match: 'GET /api/chief', roles: ['chief'] },
          { match: 'GET /api/open/**' },
          { match: 'POST /api/cookie', level: 'session' },
        ],
      },
    });
  });

  after(() => site?.close());

  /** A browser of its own, as far as cookies and storage go. */
  async function atHome(run: (home: BrowserContext) => Promise<void>): Promise<void> {
    const home = await browser.browser.createBrowserContext();
    try {
      await run(home);
    } finally {
      await home.close();
    }
  }

  /** What the page's own script is asked for, as an app would ask. */
  const ask = (page: Page, name: string, given?: object): Promise<Record<string, unknown> | null> =>
    page.evaluate((what, body) => Reflect.get(window, Symbol.for('sallyport')).ask(what, body), name, given as never);
  const call = (page: Page, method: string, path: string, body?: string): Promise<Told> =>
    page.evaluate(
      async (verb, url, content) => {
        const response = await fetch(url, {
          method: verb,
          ...(content === undefined ? {} : { body: content, headers: { 'content-type': 'application/json' } }),
        });
        const text = await response.text();
        const refused = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
        return { status: response.status, code: refused ? JSON.parse(text).code : '' };
      },
      method,
      path,
      body as never,
    );
  async function signUp(page: Page, name: string): Promise<void> {
    await page.goto(`${site.url}/`);
    const made = await page.evaluate(
      async (person, password) => {
        const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
        const body = JSON.stringify({ name: person, password });
        return (await fetch('/_sallyport/signup', { method: 'POST', headers, body })).status;
      },
      name,
      PASSWORD,
    );
    assert.equal(made, 200);
    // The account was made and logged in; the page that follows finds the login.
    await page.goto(`${site.url}/`);
    assert.equal((await call(page, 'GET', '/api/mine')).status, 200);
  }

  test('a route that names a user answers 401 to nobody, and to whoever is logged in', async () =>
    atHome(async (home) => {
      const page = await home.newPage();
      await page.goto(`${site.url}/`);
      assert.deepEqual(await call(page, 'GET', '/api/mine'), { status: 401, code: 'login-required' });
      assert.equal((await call(page, 'GET', '/api/open/x')).status, 200);
      await signUp(page, `anna-${browser.name}`);
      assert.equal((await call(page, 'GET', '/api/mine')).status, 200);
      const user = await ask(page, 'user');
      assert.equal(Reflect.get(Object(user), 'name') ?? JSON.stringify(user), `anna-${browser.name}`);
    }));

  test('login and logout by the page’s own code, without a reload', async () =>
    atHome(async (home) => {
      const page = await home.newPage();
      await signUp(page, `ben-${browser.name}`);
      assert.equal((await ask(page, 'logout'))?.['ok'], true);
      assert.equal((await call(page, 'GET', '/api/mine')).code, 'login-required');
      assert.equal(await ask(page, 'user'), null);
      const wrong = await ask(page, 'login', { name: `ben-${browser.name}`, password: 'not it at all' });
      assert.equal(wrong?.['status'], 401);
      const right = await ask(page, 'login', { name: `ben-${browser.name}`, password: PASSWORD });
      assert.equal(right?.['ok'], true, JSON.stringify(right));
      assert.equal((await call(page, 'GET', '/api/mine')).status, 200);
      await page.reload();
      assert.equal((await call(page, 'GET', '/api/mine')).status, 200, 'the session and its key outlive the page');
    }));

  test('a half-typed body is never sent as somebody else: other tabs are told, by any level', async () =>
    atHome(async (home) => {
      const old = await home.newPage();
      await signUp(old, `cleo-${browser.name}`);
      const other = await home.newPage();
      await signUp(other, `dora-${browser.name}`);
      site.received.length = 0;
      for (const [method, path] of [
        ['POST', '/api/notes'],
        ['POST', '/api/cookie'],
        ['GET', '/api/mine'],
      ] as const) {
        const told = await call(old, method, path, method === 'POST' ? '"what cleo typed"' : undefined);
        assert.deepEqual(told, { status: 403, code: 'login-changed' }, `${method} ${path}`);
      }
      assert.equal(site.received.length, 0, 'nothing reached the backend');
      assert.equal((await call(other, 'POST', '/api/notes', '"what dora typed"')).status, 200);
      await old.reload();
      assert.equal((await call(old, 'GET', '/api/mine')).status, 200, 'a reload starts afresh, as dora');
    }));

  test('R18 a logout in one tab is a logout in all of them', async () =>
    atHome(async (home) => {
      const one = await home.newPage();
      await signUp(one, `emil-${browser.name}`);
      const two = await home.newPage();
      await two.goto(`${site.url}/`);
      assert.equal((await call(two, 'GET', '/api/mine')).status, 200);
      await ask(one, 'logout');
      const told = await call(two, 'GET', '/api/mine');
      assert.ok(['login-required', 'login-changed'].includes(told.code), told.code);
      await two.reload();
      assert.equal((await call(two, 'GET', '/api/mine')).code, 'login-required');
    }));

  test('R16 roles change: two tabs go on without noticing, under a new session, and the old cookie is dead', async () =>
    atHome(async (home) => {
      const name = `ruth-${browser.name}`;
      const one = await home.newPage();
      await signUp(one, name);
      const two = await home.newPage();
      await two.goto(`${site.url}/`);
      const tabs = [one, two];
      for (const tab of tabs) assert.equal((await call(tab, 'GET', '/api/mine')).status, 200);
      assert.equal((await call(one, 'GET', '/api/chief')).code, 'forbidden');
      const told = `self.told = []; addEventListener('sallyport-refusal', ({ detail }) => told.push(detail.code))`;
      for (const tab of tabs) await tab.evaluate(told);
      const cookieNow = async () => (await home.cookies()).find((cookie) => cookie.name === '__Host-sallyport')?.value;
      const old = (await home.cookies()).filter((cookie) => cookie.name.startsWith('__Host-sallyport'));
      const given = await site.gate.guard.users?.setRoles(name, ['chief']);
      assert.equal(given?.logins, 1);
      for (const end = performance.now() + 1000; (await call(one, 'GET', '/api/chief')).status !== 200; )
        assert.ok(performance.now() < end, 'in force within a second');
      for (const tab of tabs) {
        assert.equal((await call(tab, 'GET', '/api/chief')).status, 200);
        await tab.evaluate('told.length = 0');
      }
      // A few seconds before their tickets are due: a renewal runs beside the calls.
      site.skew += 474_000;
      for (const tab of tabs) assert.equal((await call(tab, 'POST', '/api/notes', '"typed"')).status, 200);
      const before = old.find((cookie) => cookie.name === '__Host-sallyport')?.value;
      for (const end = performance.now() + 15_000; (await cookieNow()) === before && performance.now() < end; ) {
        assert.equal((await call(one, 'GET', '/api/mine')).status, 200);
      }
      assert.notEqual(await cookieNow(), before);
      for (const tab of tabs) {
        assert.equal((await call(tab, 'POST', '/api/notes', '"typed on"')).status, 200);
        assert.equal((await call(tab, 'GET', '/api/chief')).status, 200);
        assert.equal(Reflect.get(Object(await ask(tab, 'user')), 'name'), name);
        assert.deepEqual(await tab.evaluate('told'), []);
      }
      const copied = async (cookies: typeof old): Promise<number> => {
        const cookie = cookies.map(({ name: key, value }) => `${key}=${value}`).join('; ');
        const made = { origin: site.url, 'sec-fetch-site': 'same-origin', 'x-requested-with': 'sallyport' };
        return (await fetch(`${site.url}/api/cookie`, { method: 'POST', headers: { ...made, cookie } })).status;
      };
      assert.equal(await copied(old), 403);
      const now = (await home.cookies()).filter((cookie) => cookie.name.startsWith('__Host-sallyport'));
      assert.equal(await copied(now), 200, 'as it would have opened the level `session` before');
      assert.equal((await call(two, 'GET', '/api/chief')).status, 200, 'the owner stays');
    }));

  test('a stolen cookie opens no second door, and its owner stays logged in', async () =>
    atHome(async (home) => {
      const page = await home.newPage();
      await signUp(page, `fred-${browser.name}`);
      const cookies = (await home.cookies()).filter(({ name }) => name.startsWith('__Host-sallyport'));
      assert.ok(cookies.some(({ name }) => name === '__Host-sallyport'));
      await atHome(async (elsewhere) => {
        await elsewhere.setCookie(...cookies);
        const thief = await elsewhere.newPage();
        await thief.goto(`${site.url}/`);
        assert.deepEqual(await call(thief, 'GET', '/api/mine'), { status: 401, code: 'login-required' });
      });
      assert.equal((await call(page, 'GET', '/api/mine')).status, 200);
    }));

  test('ten tabs of one login enter at once, and all are in', async () =>
    atHome(async (home) => {
      const page = await home.newPage();
      await signUp(page, `gina-${browser.name}`);
      const tabs = await Promise.all(Array.from({ length: 10 }, () => home.newPage()));
      await Promise.all(tabs.map((tab) => tab.goto(`${site.url}/`)));
      const told = await Promise.all(tabs.map((tab) => call(tab, 'GET', '/api/mine')));
      assert.deepEqual(
        told.map(({ status }) => status),
        tabs.map(() => 200),
      );
    }));

  test('a page that slept past the end of its session is told 401, as its app expects', async () =>
    atHome(async (home) => {
      const page = await home.newPage();
      await signUp(page, `hugo-${browser.name}`);
      site.skew += 8 * 24 * 3600 * 1000;
      await untilPage(async () => (await call(page, 'POST', '/api/notes', '"late"')).code === 'login-required');
      await page.reload();
      assert.equal((await call(page, 'GET', '/api/mine')).code, 'login-required');
    }));
});
