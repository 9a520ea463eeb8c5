import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

const ANDROID =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/157.0.0.0 Mobile Safari/537.36';

/** From where the gate sees the browser come. */
const moveTo = (page: Page, address: string, more: Record<string, string> = {}): Promise<void> =>
  page.setExtraHTTPHeaders({ 'x-forwarded-for': address, ...more });

/** Statuses of calls as the page's own code sees them. */
const post = (page: Page, count: number): Promise<number[]> =>
  page.evaluate(
    (calls) =>
      Promise.all(
        Array.from({ length: calls }, async (_, index) => {
          const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: `call ${index}` };
          return (await fetch('/api/echo', init)).status;
        }),
      ),
    count,
  );

describeBrowsers('a session that moves', (browser) => {
  let site: Site;
  before(async () => {
    const routes = [{ match: '/api/**', contentTypes: ['text/plain'] }];
    site = await startSite({ config: { trustedProxies: ['127.0.0.0/8'], routes } });
  });
  after(() => site.close());

  test('R68 P5.3 from wifi to mobile data to IPv6 and back, the app sees no refusal and the gate makes none', async () => {
    const page = await browser.page();
    await moveTo(page, '198.51.100.7');
    await page.goto(site.url);
    site.clear();
    for (const address of ['203.0.113.9', '2001:db8:1::7', '2001:db8:2::7', '198.51.100.7', '203.0.113.10']) {
      await moveTo(page, address);
      assert.deepEqual(await post(page, 2), [200, 200], address);
    }
    assert.deepEqual([...new Set(site.decisions.map(({ outcome }) => outcome))], ['admit']);
  });

  test('R68 P5.3 by another network and another browser at once, the page enters again and the app sees nothing of it', async () => {
    const page = await browser.page();
    await moveTo(page, '198.51.100.7');
    await page.goto(site.url);
    assert.deepEqual(await post(page, 1), [200]);
    site.clear();
    await moveTo(page, '203.0.113.9', { 'user-agent': ANDROID });
    assert.deepEqual(await post(page, 3), [200, 200, 200]);
    const codes = site.decisions.flatMap(({ code }) => (code === '' ? [] : [code]));
    assert.deepEqual([...new Set(codes)], ['stale'], 'which the gate did ask for');
    assert.deepEqual(
      site.received.map(({ text }) => text).sort(),
      ['call 0', 'call 1', 'call 2'],
      'each call reached the backend once, with its body',
    );
    await moveTo(page, '');
  });
});
