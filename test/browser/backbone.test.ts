import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { type RunningTodos, startGuardedTodos } from '../../examples/backbone/fixture.ts';
import { describeBrowsers } from './browsers.ts';
import { until } from './until.ts';

describeBrowsers('the Backbone example behind the gate, in enforce mode', (browser) => {
  let app: RunningTodos;
  let page: Page;

  before(async () => {
    app = await startGuardedTodos();
    page = await browser.page();
    await page.goto(app.url);
    await until(() => app.backend.seen.includes('GET /todos'));
  });

  after(() => app?.close());

  test('P1.1 jQuery’s XHR creates, patches and deletes by absolute URLs with unchanged code', async () => {
    await page.type('#add [name=title]', 'Buy milk');
    await page.click('#add button');
    await page.waitForSelector('li[data-todo="1"]');

    await page.click('li .done');
    await until(() => app.backend.seen.includes('PATCH /todos/1'));
    await page.reload();
    await page.waitForSelector('li .done:checked');

    await page.click('li .delete');
    await page.waitForFunction(() => document.querySelector('li') === null);
    assert.equal(app.backend.seen.filter((line) => line === 'DELETE /todos/1').length, 1);
    assert.equal(await page.$eval('#problem', (element) => element.textContent), '');
  });

  test('P1.2 the same calls by a plain client get 403', async () => {
    const seen = app.backend.seen.length;
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await fetch(`${app.url}/todos`, { method });
      assert.equal(response.status, 403, method);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
    assert.equal(app.backend.seen.length, seen);
  });
});
