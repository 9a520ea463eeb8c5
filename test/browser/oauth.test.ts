import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { type PlainProvider, startPlainProvider } from '../identity/oidc/plain.ts';
import { CLIENT } from '../identity/oidc/provider.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

/** Logins at a real server of plain OAuth 2.0, by people in real browsers, through the real gate in enforce mode. */
describeBrowsers('plain OAuth 2.0', (browser) => {
  let site: Site;
  let provider: PlainProvider;
  let page: Page;

  before(async () => {
    const options = { gate: () => site.url, name: 'hub', form: true, host: 'localhost' } as const;
    provider = await startPlainProvider(options);
    const hub = {
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      scopes: provider.endpoints.scopes,
      relay: 'access' as const,
      oauth: { ...provider.endpoints.oauth, revocation: `${provider.issuer}/token/revocation` },
    };
    site = await startSite({
      config: {
        login: { providers: { hub } },
        routes: [{ match: 'GET /api/mine', user: true }, { match: '/api/**' }],
      },
    });
  });
  after(async () => {
    await site.close();
    await provider.close();
  });
  beforeEach(async () => {
    provider.userinfo = null;
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

  const user = (to: Page): Promise<{ id: string; source: string; name: string } | null> =>
    to.evaluate(() => Reflect.get(window, Symbol.for('sallyport')).ask('user'));

  const call = (to: Page, path: string): Promise<{ status: number; code: string }> =>
    to.evaluate(async (address) => {
      const response = await fetch(address);
      const problem = response.ok ? {} : await response.json().catch(() => ({}));
      return { status: response.status, code: String(problem.code ?? '') };
    }, path);

  async function submit(to: Page, name: string): Promise<void> {
    await to.waitForSelector('button');
    await to.evaluate((sub) => {
      const field = document.querySelector('input');
      if (field !== null) field.value = sub;
      document.querySelector('button')?.click();
    }, name);
  }

  const arrived = (to: Page, path: string): Promise<void> =>
    untilPage(async () => new URL(to.url()).pathname === path && (await to.title()) === 'page');

  async function login(to: Page, name = 'alice'): Promise<void> {
    await to.goto(`${site.url}/_sallyport/login/hub?return=/landed`);
    if (to.url().startsWith(provider.issuer)) await submit(to, name);
    await arrived(to, '/landed');
  }

  const relayed = (): string => String(site.received.at(-1)?.headers.authorization ?? '');

  test('R51 R60 a person logs in by the code flow; the backend gets the token, the browser none', async () => {
    assert.deepEqual(await call(page, '/api/mine'), { status: 401, code: 'login-required' });
    await login(page);
    assert.equal((await call(page, '/api/mine')).status, 200);
    const token = relayed().slice('Bearer '.length);
    assert.ok(token.length > 20 && provider.tokens.includes(token));
    const { id, source, name } = (await user(page)) ?? assert.fail('nobody');
    assert.deepEqual({ id, source, name }, { id: '583231', source: 'hub', name: 'Name of alice' });
    const held = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]),
    );
    const cookies = await page.cookies();
    assert.ok(!held.includes(token) && !JSON.stringify(cookies).includes(token));
    const left = cookies.filter((cookie) => cookie.name.includes('-t-') || cookie.name.endsWith('-login'));
    assert.deepEqual(left, [], 'attempt and grant are used up');
  });

  test('R52 two tabs log in side by side', async () => {
    const other = await browser.newPage();
    for (const [tab, path] of [
      [page, '/a'],
      [other, '/b'],
    ] as const) {
      await tab.goto(`${site.url}/_sallyport/login/hub?return=${path}`);
    }
    await submit(page, 'alice');
    await arrived(page, '/a');
    await submit(other, 'alice');
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

  test('R60 tokens are renewed behind the login, once for all calls that wait', async () => {
    await login(page);
    await call(page, '/api/mine');
    const first = relayed();
    const count = (): number => provider.asked.filter((line) => line === 'POST /token').length;
    const before = count();
    site.skew += 45_000;
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(page, '/api/mine')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    await until(() => count() > before);
    assert.equal((await call(page, '/api/mine')).status, 200);
    assert.notEqual(relayed(), first);
    assert.equal(count(), before + 1);
  });

  test('R34 logout ends the login and its tokens at the provider; somebody else may log in', async () => {
    await login(page);
    const { status, body } = await account(page, 'logout');
    assert.deepEqual({ status, body }, { status: 200, body: { redirect: '' } });
    assert.equal((await call(page, '/api/mine')).status, 401);
    await until(() => provider.asked.includes('POST /token/revocation'));
    await page.goto(`${provider.issuer}/interaction/none`);
    await page.deleteCookie(...(await page.cookies()).filter(({ name }) => name.startsWith('_')));
    await login(page, 'bob');
    assert.equal((await user(page))?.id, '9919');
  });

  test('an API that is down is said on a page, keeps nobody out who is in, and a moment later all is well', async () => {
    provider.userinfo = (request) => void request.socket.destroy();
    await page.goto(`${site.url}/_sallyport/login/hub?return=/landed`);
    await submit(page, 'alice');
    await untilPage(async () => /unsure/.test(await page.content()));
    assert.match(await page.content(), /The login service does not answer/);
    provider.userinfo = null;
    await page.evaluate(() => document.querySelector('a')?.click());
    await arrived(page, '/landed');
    assert.equal((await call(page, '/api/mine')).status, 200);
    provider.silence();
    site.skew += 45_000;
    assert.equal((await call(page, '/api/mine')).status, 200);
    provider.answer();
  });

  test('R62 what this provider cannot say is refused on a page, without a redirect', async () => {
    const response = await page.goto(`${site.url}/_sallyport/login/hub?max_age=60`);
    assert.equal(response?.status(), 401);
    assert.match(await page.content(), /cannot show that/);
  });
});
