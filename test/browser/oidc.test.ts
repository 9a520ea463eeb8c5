import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { CLIENT, GOLD, SILVER, startProvider, type TestProvider } from '../identity/oidc/provider.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

/** Logins at a real provider, by people in real browsers, through the real gate in enforce mode. */
describeBrowsers('OpenID Connect', (browser) => {
  let site: Site;
  let provider: TestProvider;
  let page: Page;

  before(async () => {
    provider = await startProvider({ gate: () => site.url, name: 'one', form: true, host: 'localhost' });
    const one = {
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      scopes: ['openid', 'roles'],
      roles: 'realm_access.roles',
      relay: 'access' as const,
      postLogout: '/goodbye',
    };
    site = await startSite({
      config: {
        login: { providers: { one } },
        routes: [
          { match: 'DELETE /api/posts/:id', user: { acr: [GOLD], maxAge: 600 } },
          { match: 'GET /api/mine', user: true },
          { match: '/api/**' },
        ],
      },
    });
  });
  after(async () => {
    await site.close();
    await provider.close();
  });
  beforeEach(async () => {
    provider.persona = { sub: 'alice', acr: SILVER };
    page = await browser.newPage();
    await page.goto(site.url);
    await account(page, 'logout');
    // A person whom the provider does not know yet.
    await page.goto(`${provider.issuer}/interaction/none`);
    await page.deleteCookie(...(await page.cookies()).filter(({ name }) => name.startsWith('_')));
    await page.goto(site.url);
    site.clear();
    provider.asked.length = 0;
  });

  afterEach(() => page.close());

  const account = (to: Page, what: string): Promise<{ status: number; body: { redirect?: string } }> =>
    to.evaluate((name) => Reflect.get(window, Symbol.for('sallyport')).ask(name), what);

  interface Answered {
    readonly status: number;
    readonly code: string;
    readonly challenge: string;
  }

  const call = (to: Page, path: string, method = 'GET'): Promise<Answered> =>
    to.evaluate(
      async (address, verb) => {
        const response = await fetch(address, { method: verb });
        const problem = response.ok ? {} : await response.json().catch(() => ({}));
        const challenge = response.headers.get('www-authenticate') ?? '';
        return { status: response.status, code: String(problem.code ?? ''), challenge };
      },
      path,
      method,
    );

  /** Clicks through: the login's address, the provider's form where it shows one, and back. */
  async function login(to: Page, returnTo = '/landed', more = ''): Promise<void> {
    await to.goto(`${site.url}/_sallyport/login/one?return=${encodeURIComponent(returnTo)}${more}`);
    if (to.url().startsWith(provider.issuer)) await submit(to);
    await arrived(to, returnTo);
  }

  async function submit(to: Page): Promise<void> {
    await to.waitForSelector('button');
    await to.evaluate(() => document.querySelector('button')?.click());
  }

  const arrived = (to: Page, path: string): Promise<void> =>
    untilPage(async () => new URL(to.url()).pathname === path && (await to.title()) === 'page');

  const relayed = (): string => String(site.received.at(-1)?.headers.authorization ?? '');

  test('R51 R60 a person logs in by the code flow; calls carry who they are, the browser no token', async () => {
    assert.deepEqual(await call(page, '/api/mine'), { status: 401, code: 'login-required', challenge: 'Sallyport' });
    await login(page);
    assert.equal((await call(page, '/api/mine')).status, 200);
    assert.match(relayed(), /^Bearer [\w-]{20,}$/);
    const token = relayed().slice('Bearer '.length);
    const held = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    );
    assert.ok(!held.includes(token));
    const cookies = await page.cookies();
    assert.ok(!JSON.stringify(cookies).includes(token));
    assert.deepEqual(
      cookies.map(({ name }) => name).filter((name) => name.includes('-t-') || name.endsWith('-login')),
      [],
      'attempt and grant are used up',
    );
  });

  test('R60 the login lasts across reloads and tabs, and its tokens are renewed behind it', async () => {
    await login(page);
    await page.goto(`${site.url}/elsewhere`);
    assert.equal((await call(page, '/api/mine')).status, 200);
    const first = relayed();
    const tokens = (): number => provider.asked.filter((line) => line === 'POST /token').length;
    const before = tokens();
    site.skew += 45_000;
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(page, '/api/mine')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    await until(() => tokens() > before);
    assert.equal((await call(page, '/api/mine')).status, 200);
    assert.notEqual(relayed(), first);
    assert.equal(tokens(), before + 1, 'one request for eight calls');
  });

  test('R62 step-up: a call says what it needs, the person shows it, and the call passes', async () => {
    await login(page);
    const refused = await call(page, '/api/posts/1', 'DELETE');
    assert.equal(refused.status, 401);
    assert.equal(refused.code, 'step-up');
    assert.match(refused.challenge, /insufficient_user_authentication".*acr_values="urn:example:gold".*max_age="600"/);
    provider.persona = { sub: 'alice', acr: GOLD };
    await login(page, '/landed', `&acr=${GOLD}&max_age=600`);
    assert.equal((await call(page, '/api/posts/1', 'DELETE')).status, 200);
  });

  test('R61 a back-channel logout ends the login in the open page', async () => {
    await login(page);
    assert.equal((await call(page, '/api/mine')).status, 200);
    const told = new Promise<void>((resolve) => provider.provider.once('backchannel.success', () => resolve()));
    const tab = await browser.newPage();
    await tab.goto(`${provider.issuer}/session/end?client_id=${CLIENT.id}`);
    await tab.waitForSelector('button[name=logout]');
    await tab.evaluate(() => document.querySelector<HTMLButtonElement>('button[name=logout]')?.click());
    await told;
    await tab.close();
    site.clear();
    const answer = await call(page, '/api/mine');
    assert.notEqual(answer.status, 200, 'no call passes any more');
    assert.equal(site.received.length, 0, 'the backend sees none');
    await page.reload();
    assert.equal((await call(page, '/api/mine')).code, 'login-required');
  });

  test('R34 logout is asked by the page, and leads to the provider’s own and back', async () => {
    await login(page);
    const { status, body } = await account(page, 'logout');
    assert.equal(status, 200);
    assert.ok(body.redirect?.startsWith(`${provider.issuer}/session/end`), body.redirect);
    assert.equal((await call(page, '/api/mine')).status, 401);
    await page.goto(body.redirect ?? '');
    await page.waitForSelector('button[name=logout]');
    await page.evaluate(() => document.querySelector<HTMLButtonElement>('button[name=logout]')?.click());
    await arrived(page, '/goodbye');
  });

  test('R52 two tabs log in side by side', async () => {
    const other = await browser.newPage();
    for (const [tab, path] of [
      [page, '/a'],
      [other, '/b'],
    ] as const) {
      await tab.goto(`${site.url}/_sallyport/login/one?return=${path}`);
    }
    await submit(page);
    await arrived(page, '/a');
    await submit(other);
    await arrived(other, '/b');
    for (const tab of [page, other]) {
      await untilPage(async () => {
        const answer = await call(tab, '/api/mine');
        if (answer.code === 'login-changed') await tab.reload();
        return answer.status === 200;
      });
    }
    await other.close();
  });

  test('R52 login CSRF: a stranger’s callback logs nobody in, and says so on a page', async () => {
    const context = await browser.browser.createBrowserContext();
    const stranger = await context.newPage();
    await stranger.goto(`${site.url}/_sallyport/login/one`);
    await stranger.setRequestInterception(true);
    const callback = new Promise<string>((resolve) => {
      stranger.on('request', (request) => {
        if (!request.url().includes('/_sallyport/callback/')) return void request.continue();
        resolve(request.url());
        void request.abort();
      });
    });
    await submit(stranger);
    const response = await page.goto(await callback);
    assert.equal(response?.status(), 401);
    assert.match(await page.content(), /login-failed/);
    await page.goto(site.url);
    assert.equal((await call(page, '/api/mine')).status, 401);
    await context.close();
  });

  test('a provider that is down keeps nobody out who is in', async () => {
    await login(page);
    provider.silence();
    site.skew += 45_000;
    assert.equal((await call(page, '/api/mine')).status, 200);
    const tab = await browser.newPage();
    const response = await tab.goto(`${site.url}/_sallyport/login/one?return=/posts`);
    assert.equal(response?.status(), 503);
    assert.match(await tab.content(), /unsure/);
    await tab.close();
    provider.answer();
  });
});
