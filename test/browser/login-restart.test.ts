import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import type { Records } from '../../src/guard/records.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createRecords } from '../../src/stores/records/open.ts';
import { CLIENT, startProvider, type TestProvider } from '../identity/oidc/provider.ts';
import { describeBrowsers } from './browsers.ts';
import { createPerson } from './provider-person.ts';
import { type Site, startSite } from './site.ts';
import { until, untilPage } from './until.ts';

const SECRET = 'a secret that outlives the gate of a test';

describeBrowsers('logins across a restart of the gate, with its secret and records in SQLite', (browser) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-restart-'));
  let site: Site;
  let provider: TestProvider;
  let records: Records | null = null;
  let page: Page;
  const person = createPerson(
    () => site,
    () => provider,
  );

  before(async () => {
    provider = await startProvider({ gate: () => site.url, name: 'one', form: true, host: 'localhost' });
    const one = {
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      relay: 'access' as const,
    };
    site = await startSite({
      config: {
        login: { providers: { one } },
        routes: [{ match: 'GET /api/mine', user: true }, { match: '/api/**' }],
      },
      async parts() {
        await records?.close();
        records = await createRecords(`sqlite:${join(folder, 'records.sqlite')}`, {
          secret: SECRET,
          clock: systemClock,
        });
        return { secret: SECRET, records };
      },
    });
    page = await browser.newPage();
    await page.goto(site.url);
  });
  beforeEach(async () => {
    await person.logout(page);
    await person.forget(page);
    provider.asked.length = 0;
  });
  after(async () => {
    await site.close();
    await records?.close();
    await provider.close();
    rmSync(folder, { recursive: true });
  });

  const token = (): string => String(site.received.at(-1)?.headers.authorization ?? '');
  const exchanges = (): number => provider.asked.filter((line) => line === 'POST /token').length;

  test('R52 R60 an attempt that was begun before the restart is finished after it, once', async () => {
    await person.begin(page);
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback/')) callbacks.push(request.url());
    });
    await site.restart();
    await person.finish(page, 'alice');
    assert.equal(await person.user(page), 'alice');
    assert.equal((await person.call(page, '/api/mine')).status, 200);
    const [callback = assert.fail('no callback')] = callbacks;
    const before = exchanges();
    await site.restart();
    await page.goto(callback);
    await untilPage(async () => new URL(page.url()).pathname === '/' && (await page.title()) === 'page');
    assert.equal(exchanges(), before, 'the code was not tried again');
    assert.equal(await person.user(page), 'alice');
  });

  test('R60 who is logged in stays so, in the open page too, and tokens are renewed as before', async () => {
    await person.login(page, 'alice');
    assert.equal((await person.call(page, '/api/mine')).status, 200);
    const first = token();
    await site.restart();
    assert.equal((await person.call(page, '/api/mine')).status, 200, 'the page enters again by itself');
    assert.equal(token(), first);
    assert.equal(exchanges(), 1);
    site.skew += 45_000;
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.call(page, '/api/mine')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    await until(() => exchanges() === 2);
    await untilPage(async () => {
      await person.call(page, '/api/mine');
      return token() !== first;
    });
    const second = token();
    await site.restart();
    await page.reload();
    assert.equal((await person.call(page, '/api/mine')).status, 200);
    assert.equal(token(), second, 'the renewed token was kept');
    site.skew += 45_000;
    await untilPage(async () => (await person.call(page, '/api/mine')).status === 200 && token() !== second);
    assert.equal(exchanges(), 3, 'the family of refresh tokens lives');
    assert.equal(await person.user(page), 'alice');
  });

  test('R18 R34 a logout holds after the restart, in a tab that slept through both', async () => {
    await person.login(page, 'alice');
    const other = await browser.newPage();
    await other.goto(site.url);
    assert.equal((await person.call(other, '/api/mine')).status, 200);
    await person.logout(page);
    await site.restart();
    site.clear();
    const codes = [];
    for (const _ of [1, 2]) codes.push((await person.call(other, '/api/notes', '"half typed"')).code);
    assert.equal(site.received.length, 0, 'what was typed went out as nobody’s');
    assert.ok(['login-required', 'login-changed'].includes(codes[1] ?? ''), codes.join());
    await other.reload();
    assert.equal(await person.user(other), null);
    await other.close();
  });

  test('R61 the provider’s own logout ends a login that the gate has not seen since it started', async () => {
    await person.login(page, 'alice');
    await site.restart();
    const told = new Promise<void>((resolve) => provider.provider.once('backchannel.success', () => resolve()));
    const tab = await browser.newPage();
    await tab.goto(`${provider.issuer}/session/end?client_id=${CLIENT.id}`);
    await tab.waitForSelector('button[name=logout]');
    await tab.evaluate(() => document.querySelector<HTMLButtonElement>('button[name=logout]')?.click());
    await told;
    await tab.close();
    await page.reload();
    assert.equal((await person.call(page, '/api/mine')).code, 'login-required');
  });
});
