import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { type RunningPosts, startGuardedPosts, withoutLogin } from '../../examples/posts/fixture.ts';
import { describeBrowsers } from './browsers.ts';

describeBrowsers('the posts example and its rules of use', (browser) => {
  let app: RunningPosts;
  let page: Page;

  before(async () => {
    app = await startGuardedPosts(withoutLogin);
    page = await browser.page();
    await page.goto(app.url);
    await page.waitForSelector('.dot.on');
    await page.waitForSelector('li.post');
  });

  after(async () => {
    await app?.close();
  });

  const textOf = (selector: string): Promise<string> => page.$eval(selector, (element) => element.textContent ?? '');
  /** What the page says once it has tried. */
  const tried = async (name: string): Promise<string> => {
    await page.click(`[data-try=${name}]`);
    await page.waitForFunction(
      (selector) => /^\d|^N/.test(document.querySelector(selector)?.textContent ?? ''),
      {},
      `li:has([data-try=${name}]) .result`,
    );
    return textOf(`li:has([data-try=${name}]) .result`);
  };

  test('P2.4 P2.7 a visitor asks, and the paid answer comes word by word', async () => {
    await page.type('input[name=question]', 'What is said about bread?');
    await page.click('.assistant button');
    await page.waitForFunction(() => /Bread on Sundays/.test(document.querySelector('.answer')?.textContent ?? ''));
    await page.waitForFunction(() => /is heat\./.test(document.querySelector('.answer')?.textContent ?? ''));
    await page.waitForFunction(() => document.querySelector('.assistant button:disabled') === null);
    assert.equal(await page.$('.problem'), null);
  });

  test('P6.3 a visitor searches, and the work that it takes is nobody’s to see', async () => {
    const statuses: number[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/api/search')) statuses.push(response.status());
    });
    await page.type('input[name=words]', 'bread');
    await page.click('.search button');
    await page.waitForFunction(() => document.querySelector('.found')?.textContent === 'Bread on Sundays');
    assert.deepEqual(statuses, [403, 200], 'asked, and answered once the work was done');
  });

  test('a visitor opens a post that the list showed, one that came since, and sees a price before the order', async () => {
    await page.click('li.post[data-post="1"] button[aria-label^=Details]');
    await page.waitForFunction(() =>
      /number 1$/.test(document.querySelector('li.post[data-post="1"]  .empty')?.textContent ?? ''),
    );
    await page.evaluate(() =>
      // Made by another visitor: this page hears of it by the feed alone.
      fetch('/api/posts', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"title":"New"}' }),
    );
    await page.waitForSelector('li.post[data-post="4"]');
    await page.click('li.post[data-post="4"] button[aria-label^=Details]');
    await page.waitForFunction(() =>
      /number 4$/.test(document.querySelector('li.post[data-post="4"] .empty')?.textContent ?? ''),
    );

    await page.click('.prints button');
    await page.waitForFunction(() => /12.00 EUR/.test(document.querySelector('.prints .row')?.textContent ?? ''));
    // A person reads first: the rule asks for a second.
    const seen = await page.evaluate(() => performance.now());
    await page.waitForFunction((from) => performance.now() > from + 1100, {}, seen);
    await page.click('.prints button');
    await page.waitForFunction(() =>
      /Ordered: /.test(document.querySelector('.prints [role=status]')?.textContent ?? ''),
    );
  });

  test('P9.4 what a program would do ends in a sentence that a visitor can read', async () => {
    assert.equal(
      await tried('order'),
      '403: This call is not due: one that belongs before it is missing, or it comes too early or too often.',
    );
    assert.equal(await tried('served'), '403: This object was not given to this session.');
    assert.match(await tried('concurrent'), /^429: Wait, then try again\./);
    assert.match(await tried('limit'), /^429: Wait, then try again\. It may work in \d+ s\.$/);
    assert.ok(!app.backend.seen.includes('GET /api/posts/4711'), 'nobody asked the backend');
  });
});
