import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { type RunningPosts, startGuardedPosts, withoutLogin } from '../../examples/posts/fixture.ts';
import { describeBrowsers } from './browsers.ts';
import { until } from './until.ts';

/** A picture of one pixel, and enough after its end that an upload takes several steps. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PICTURE = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.alloc(3 * 1024 * 1024)]);

describeBrowsers('the posts example behind the gate, in enforce mode', (browser) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-posts-'));
  let app: RunningPosts;
  let page: Page;

  before(async () => {
    writeFileSync(join(folder, 'picture.png'), PICTURE);
    app = await startGuardedPosts(withoutLogin);
    page = await browser.page();
    await page.goto(app.url);
    await page.waitForSelector('.dot.on');
  });

  after(async () => {
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('P1.1 the page lists its posts and shows their pictures with unchanged code', async () => {
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll<HTMLImageElement>('li.post img')].filter((image) => image.naturalWidth > 0)
          .length === 3,
    );
    assert.ok(app.backend.seen.includes('GET /api/posts'));
    assert.ok(app.backend.seen.includes('GET /api/posts/1/image?v=0'));
  });

  test('P1.1 P7.1 a post is created, and its picture uploaded with progress; the feed tells the page', async () => {
    await page.evaluate(recordProgress);
    await page.type('input[name=title]', 'A post with a picture');
    await page.type('textarea[name=text]', 'Sent by a browser.');
    const input = await page.$('input[name=image]');
    assert.ok(input !== null && 'uploadFile' in input);
    await input.uploadFile(join(folder, 'picture.png'));
    await page.click('.composer button[type=submit]');
    // The list is only ever changed by the feed.
    await page.waitForSelector('li.post[data-post="4"]');
    await page.waitForFunction(() => {
      const image = document.querySelector<HTMLImageElement>('li.post[data-post="4"] img');
      return image?.src.endsWith('v=1') && image.naturalWidth === 1;
    });
    const shares: number[] = await page.evaluate(() => Reflect.get(window, 'recordedShares'));
    assert.equal(shares.at(-1), 1, `the last step is the whole: ${shares.join(' ')}`);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
    );
  });

  test('P1.1 P7.1 what is said over the WebSocket reaches another tab', async () => {
    const other = await browser.newPage();
    try {
      await other.goto(app.url);
      await other.waitForFunction(() => /2 here/.test(document.querySelector('.state')?.textContent ?? ''));
      await page.bringToFront();
      await page.type('input[name=message]', 'Good evening');
      await page.click('.chat button');
      for (const tab of [page, other]) {
        await tab.waitForFunction(() => /Good evening/.test(document.querySelector('.lines')?.textContent ?? ''));
      }
    } finally {
      await other.close();
    }
  });

  test('P1.1 a post is deleted', async () => {
    await page.click('li.post[data-post="2"] button[aria-label^="Delete"]');
    await page.waitForFunction(() => document.querySelector('li.post[data-post="2"]') === null);
    assert.ok(app.backend.seen.includes('DELETE /api/posts/2'));
  });

  test('P1.1 the page got no refusal on the way', async () => {
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() >= 400 && response.url().includes('/api/'))
        refused.push(`${response.status()} ${response.url()}`);
    });
    await page.reload();
    await page.waitForSelector('.dot.on');
    await page.waitForFunction(() => document.querySelectorAll('li.post').length === 3);
    assert.deepEqual(refused, []);
    assert.equal(await page.$('.problem'), null);
  });

  test('P7.1 a download by a plain link reaches the backend', async () => {
    const context = await browser.browser.createBrowserContext({
      downloadBehavior: { policy: 'allow', downloadPath: folder },
    });
    try {
      const tab = await context.newPage();
      await tab.goto(app.url);
      await tab.waitForSelector('.dot.on');
      const before = app.backend.seen.length;
      await tab.click('header a[download]');
      await until(() => app.backend.seen.slice(before).includes('GET /api/export'));
    } finally {
      await context.close();
    }
  });
});

// Runs in the page: keeps what every upload's progress events say.
function recordProgress(): void {
  const shares: number[] = [];
  Reflect.set(window, 'recordedShares', shares);
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...parameters: unknown[]) {
    this.upload.addEventListener('progress', (event) => shares.push(event.loaded / event.total));
    Reflect.apply(open, this, parameters);
  };
}
