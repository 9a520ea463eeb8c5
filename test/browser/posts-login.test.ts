import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { type RunningPosts, startGuardedPosts } from '../../examples/posts/fixture.ts';
import { signOnAt } from '../../examples/posts/sign-on/config.ts';
import { type SignOn, startSignOn } from '../../examples/posts/sign-on/start.ts';
import { describeBrowsers } from './browsers.ts';

const PASSWORD = 'correct horse battery';

describeBrowsers('the posts example with logins', (browser) => {
  let app: RunningPosts;
  let providers: SignOn;

  before(async () => {
    providers = await startSignOn();
    app = await startGuardedPosts({ login: { accounts: { signUp: 'open' }, ...signOnAt(providers) } });
  });

  after(async () => {
    await app?.close();
    providers?.close();
  });

  /** A browser of its own, and in it somebody who just made an account by the gate's page. */
  async function person(name: string): Promise<Page> {
    const home = await browser.browser.createBrowserContext();
    const page = await home.newPage();
    await page.goto(app.url);
    await page.waitForSelector('.invitation a');
    assert.equal(await page.$('.composer'), null, 'nobody writes before they log in');
    await Promise.all([page.waitForNavigation(), page.click('.invitation a')]);
    await page.click('[data-view=signup]');
    await page.type('#signup [name=name]', name);
    await page.type('#signup [name=password]', PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (who) => document.querySelector('.person')?.textContent === who,
      { timeout: 20_000 },
      name,
    );
    return page;
  }

  /** The same by single sign-on. */
  async function signedOn(name: string): Promise<Page> {
    const home = await browser.browser.createBrowserContext();
    const page = await home.newPage();
    await page.goto(app.url);
    await page.waitForSelector('.invitation a');
    await Promise.all([page.waitForNavigation(), page.click('.invitation a')]);
    await Promise.all([page.waitForNavigation(), page.click('a.button[href*="/login/company"]')]);
    await page.type('input[name=name]', name);
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (who) => document.querySelector('.person')?.textContent === who,
      { timeout: 20_000 },
      name,
    );
    return page;
  }

  async function write(page: Page, title: string): Promise<string> {
    await page.type('input[name=title]', title);
    await page.click('.composer button[type=submit]');
    const card = await page.waitForSelector(`li.post:has(button[aria-label="Delete ${title}"])`);
    return (await card?.evaluate((element) => element.getAttribute('data-post'))) ?? '';
  }

  const remove = async (page: Page, id: string): Promise<void> => {
    const button = `li.post[data-post="${id}"] button[aria-label^="Delete"]`;
    await page.waitForSelector(button);
    await page.click(button);
  };
  const says = (page: Page, id: string) =>
    page.waitForFunction(
      (post) => document.querySelector(`li.post[data-post="${post}"] .problem`)?.textContent,
      {},
      id,
    );

  test('only its author can delete a post, and the backend did not change', async () => {
    const anna = await person(`anna-${browser.name}`);
    const ben = await person(`ben-${browser.name}`);
    const id = await write(anna, `By anna in ${browser.name}`);
    await ben.waitForSelector(`li.post[data-post="${id}"]`);
    await remove(ben, id);
    assert.equal(await (await says(ben, id)).jsonValue(), 'This call is not allowed.');
    assert.ok(!app.backend.seen.includes(`DELETE /api/posts/${id}`), 'the backend was not even asked');
    await remove(anna, id);
    for (const page of [anna, ben]) {
      await page.waitForFunction((post) => document.querySelector(`li.post[data-post="${post}"]`) === null, {}, id);
    }
    assert.ok(app.backend.seen.includes(`DELETE /api/posts/${id}`));
  });

  test('whoever logs in by single sign-on writes and deletes what is theirs, and nobody of the same name elsewhere does', async () => {
    const greta = await signedOn(`greta-${browser.name}`);
    const namesake = await person(`greta-${browser.name}`);
    const id = await write(greta, `By greta in ${browser.name}`);
    await namesake.waitForSelector(`li.post[data-post="${id}"]`);
    await remove(namesake, id);
    assert.equal(await (await says(namesake, id)).jsonValue(), 'This call is not allowed.');
    await remove(greta, id);
    await greta.waitForFunction((post) => document.querySelector(`li.post[data-post="${post}"]`) === null, {}, id);
    assert.deepEqual(
      app.backend.seen.filter((line) => line === `DELETE /api/posts/${id}`),
      [`DELETE /api/posts/${id}`],
    );
  });

  test('a report is sent with the token that the gate put into its form, without scripts too', async () => {
    // Firefox cannot be told over its protocol to run none.
    for (const scripted of browser.name === 'chromium' ? [true, false] : [true]) {
      const page = await (await browser.browser.createBrowserContext()).newPage();
      if (!scripted) await page.setJavaScriptEnabled(false);
      await page.goto(`${app.url}/report`);
      await page.type('textarea', 'Something is wrong.');
      await Promise.all([page.waitForNavigation(), page.click('form button')]);
      const text = await (await page.waitForSelector('[role=status]'))?.evaluate((element) => element.textContent);
      assert.match(text ?? '', /^Thank you/);
    }
  });

  test('what nobody was seen to write is nobody’s to delete', async () => {
    const cleo = await person(`cleo-${browser.name}`);
    await remove(cleo, '1');
    assert.equal(await (await says(cleo, '1')).jsonValue(), 'This call is not allowed.');
  });

  test('after logging out nobody deletes, the author neither', async () => {
    const dora = await person(`dora-${browser.name}`);
    const id = await write(dora, `By dora in ${browser.name}`);
    await dora.evaluate(() => {
      for (const button of document.querySelectorAll('button')) if (button.textContent === 'Log out') button.click();
    });
    await dora.waitForSelector('.invitation a');
    await remove(dora, id);
    assert.equal(await (await says(dora, id)).jsonValue(), 'Log in to make this call.');
    assert.ok(!app.backend.seen.includes(`DELETE /api/posts/${id}`));
  });
});
