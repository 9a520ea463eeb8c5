import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { BrowserContext, Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Received, type Site, startSite } from './site.ts';

const PASSWORD = 'correct horse battery';

/** A form that an app saves by a call, and a login by a dialog of its own: what people have typed, and as whom it goes out. */
describeBrowsers('a half-typed form', (browser) => {
  let site: Site;

  before(async () => {
    site = await startSite({
      config: {
        login: { accounts: { signUp: 'open' } },
        routes: [{ match: 'POST /api/notes', user: true }, { match: '/api/**' }],
      },
    });
  });
  beforeEach(() => site.clear());
  after(() => site?.close());

  const form = (): string => `${site.url}/?body=${encodeURIComponent('<textarea id="text"></textarea>')}`;

  async function atHome(run: (home: BrowserContext) => Promise<void>): Promise<void> {
    const home = await browser.browser.createBrowserContext();
    try {
      await run(home);
    } finally {
      await home.close();
    }
  }

  /** Makes an account in a browser of its own. */
  async function account(name: string): Promise<string> {
    const full = `${name}-${browser.name}`;
    await atHome(async (home) => {
      const page = await home.newPage();
      await page.goto(site.url);
      const status = await page.evaluate(
        async (body) => {
          const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
          return (await fetch('/_sallyport/signup', { method: 'POST', headers, body })).status;
        },
        JSON.stringify({ name: full, password: PASSWORD }),
      );
      assert.equal(status, 200);
    });
    return full;
  }

  const login = (page: Page, name: string): Promise<{ ok: boolean }> =>
    page.evaluate((given) => Reflect.get(window, Symbol.for('sallyport')).ask('login', given), {
      name,
      password: PASSWORD,
    });
  const user = (page: Page): Promise<string> =>
    page.evaluate(async () => (await Reflect.get(window, Symbol.for('sallyport')).ask('user'))?.id ?? '');
  const typed = (page: Page): Promise<string> =>
    page.$eval('#text', (element) => (element instanceof HTMLTextAreaElement ? element.value : ''));

  /** What the app does on its button. */
  const save = (page: Page): Promise<{ status: number; code: string }> =>
    page.evaluate(async () => {
      const field = document.querySelector('textarea');
      const response = await fetch('/api/notes', { method: 'POST', body: field?.value ?? '' });
      const problem = response.ok ? {} : await response.json();
      return { status: response.status, code: String(problem.code ?? '') };
    });

  /** As whom the backend got it. */
  function whose({ headers }: Received): string {
    const [, payload = ''] = String(headers['sallyport-assertion']).split('.');
    return String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub);
  }

  test('L17 a login in the same tab, by a dialog: the text stays, goes on being typed, and is saved as whoever logged in', async () => {
    const anna = await account('anna');
    await atHome(async (home) => {
      const page = await home.newPage();
      await page.goto(form());
      await page.type('#text', 'half ');
      assert.deepEqual(await save(page), { status: 401, code: 'login-required' });
      assert.equal(await typed(page), 'half ');
      await Promise.all([login(page, anna), page.type('#text', 'typed')]);
      assert.equal(await typed(page), 'half typed');
      assert.equal((await save(page)).status, 200);
      const [note = assert.fail('nothing arrived')] = site.received;
      assert.equal(note.text, 'half typed');
      assert.ok(whose(note).endsWith(await user(page)));
      assert.equal(site.received.length, 1, 'what was refused is not sent behind the person’s back');
    });
  });

  test('L17 a login as somebody else in another tab: nothing goes out as that person, and the text stays to be copied', async () => {
    const [bert, cleo] = [await account('bert'), await account('cleo')];
    await atHome(async (home) => {
      const page = await home.newPage();
      await page.goto(form());
      await login(page, bert);
      await page.type('#text', 'of bert');
      const other = await home.newPage();
      await other.goto(site.url);
      await login(other, cleo);
      for (const _ of [1, 2]) assert.deepEqual(await save(page), { status: 403, code: 'login-changed' });
      assert.equal(await typed(page), 'of bert');
      assert.equal(site.received.length, 0);
      assert.equal((await login(page, bert)).ok, true, 'bert logs in again, where he is');
      assert.equal((await save(page)).status, 200);
      const [note = assert.fail('nothing arrived')] = site.received;
      assert.equal(note.text, 'of bert');
      assert.ok(whose(note).endsWith(await user(page)));
    });
  });

  test('L17 saves that cross a change of person in the same tab go out as the one who typed, or not at all', async () => {
    const [dora, emil] = [await account('dora'), await account('emil')];
    await atHome(async (home) => {
      const page = await home.newPage();
      await page.goto(form());
      await login(page, dora);
      const first = await user(page);
      await page.type('#text', 'of dora');
      const saves = Array.from({ length: 5 }, () => save(page));
      const [answers] = await Promise.all([Promise.all(saves), login(page, emil)]);
      assert.notEqual(await user(page), first);
      assert.equal(site.received.length, answers.filter(({ status }) => status === 200).length);
      for (const note of site.received) assert.ok(whose(note).endsWith(first), `${note.text} as ${whose(note)}`);
      assert.equal(await typed(page), 'of dora');
    });
  });
});
