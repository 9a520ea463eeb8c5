import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

const PASSWORD = 'correct horse battery';

describeBrowsers('a person’s own sessions', (browser) => {
  let site: Site;
  before(async () => {
    site = await startSite({
      config: { login: { accounts: { signUp: 'open' } }, routes: [{ match: 'GET /api/mine', user: true }] },
    });
  });
  after(() => site?.close());

  const json = (page: Page, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> =>
    page.evaluate(
      async (url, content) => {
        const options = content === undefined ? {} : { method: 'POST', body: content };
        const response = await fetch(url, options);
        return { status: response.status, body: await response.json().catch(() => ({})) };
      },
      path,
      body === undefined ? (undefined as never) : (JSON.stringify(body) as never),
    );

  /** In a browser of its own. */
  async function logIn(how: 'signup' | 'login'): Promise<Page> {
    const page = await (await browser.browser.createBrowserContext()).newPage();
    await page.goto(`${site.url}/`);
    const made = await page.evaluate(
      async (path, person, password) => {
        const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
        const content = JSON.stringify({ name: person, password });
        return (await fetch(`/_sallyport/${path}`, { method: 'POST', headers, body: content })).status;
      },
      how,
      `anna-${browser.name}`,
      PASSWORD,
    );
    assert.equal(made, 200);
    await page.goto(`${site.url}/`);
    assert.equal((await json(page, '/api/mine')).status, 200);
    return page;
  }

  test('R19 from one browser the login in another one is ended', async () => {
    const here = await logIn('signup');
    const lost = await logIn('login');
    const { body } = await json(here, '/_sallyport/sessions');
    const sessions = Array.isArray(body['sessions']) ? body['sessions'] : [];
    assert.equal(sessions.length, 2);
    assert.deepEqual(await json(here, '/_sallyport/sessions/end', { others: true }), {
      status: 200,
      body: { ended: 1 },
    });
    const told = await json(lost, '/api/mine');
    assert.ok([401, 403].includes(told.status), String(told.status));
    assert.equal((await json(here, '/api/mine')).status, 200);
  });
});
