import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { codeFor } from '../identity/accounts/totp.ts';
import { type Site, startSite } from './site.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PASSWORD = 'correct horse battery';

describeBrowsers('the login page', (browser) => {
  let site: Site;
  let page: Page;
  let login: string;

  before(async () => {
    site = await startSite({
      config: { login: { accounts: { signUp: 'open', sendReset: () => {} } } },
    });
    login = `${site.url}/_sallyport/login`;
    page = await browser.page();
  });

  after(() => site?.close());

  const message = (): Promise<string> => page.$eval('#message', (element) => element.textContent ?? '');
  const says = (text: string) =>
    page.waitForFunction((wanted) => document.querySelector('#message')?.textContent === wanted, {}, text);

  /** Types into what is shown and sends it by the Enter key. */
  async function fill(form: string, fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) {
      await page.$eval(`#${form} [name=${name}]`, (element) => {
        if (element instanceof HTMLInputElement) element.value = '';
      });
      await page.type(`#${form} [name=${name}]`, value);
    }
    await page.keyboard.press('Enter');
  }

  test('no violation that axe knows of, in either colour scheme and in every view', async () => {
    for (const scheme of browser.name === 'chromium' ? ['light', 'dark'] : ['light']) {
      if (browser.name === 'chromium') {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      }
      for (const view of ['login', 'forgot', 'signup', 'factor', 'reset']) {
        await page.goto(login);
        await page.$$eval(
          'form',
          (forms, shown) => {
            for (const form of forms) form.hidden = form.id !== shown;
          },
          view,
        );
        await page.evaluate(AXE);
        const violations: string[] = await page.evaluate(async () => {
          const { violations: found } = await Reflect.get(window, 'axe').run();
          return found.map(({ id, help }: { id: string; help: string }) => `${id}: ${help}`);
        });
        assert.deepEqual(violations, [], `${scheme}, ${view}`);
      }
    }
    if (browser.name === 'chromium') await page.emulateMediaFeatures([]);
  });

  test('an account is made, and the page leads back to where the person came from', async () => {
    await page.goto(`${login}?return=%2Fhello%3Fa%3D1`);
    await page.click('[data-view=signup]');
    await fill('signup', { name: 'anna', password: PASSWORD });
    await page.waitForFunction(() => location.pathname === '/hello');
    // Of the page: the driver may still name the one before.
    assert.equal(await page.evaluate(() => location.search), '?a=1');
    assert.ok(site.decisions.some(({ path, outcome }) => path === '/_sallyport/signup' && outcome === 'admit'));
  });

  test('a wrong password is said so, and a right one typed by keyboard alone leads on', async () => {
    await page.goto(`${login}?return=/after`);
    await page.focus('#name');
    await page.keyboard.type('anna');
    await page.keyboard.press('Tab');
    await page.keyboard.type('not this one');
    await page.keyboard.press('Enter');
    await says('Name, password or code is not right.');
    await page.$eval('#password', (element) => {
      if (element instanceof HTMLInputElement) element.value = '';
    });
    await page.focus('#password');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.pathname === '/after');
  });

  test('a name that is taken, a weak password and a bad name are said so', async () => {
    await page.goto(login);
    await page.click('[data-view=signup]');
    await fill('signup', { name: 'anna', password: PASSWORD });
    await says('This name or address is taken.');
    await fill('signup', { name: 'bert', password: 'short' });
    await says('This password is too short or too easy to guess.');
    await fill('signup', { name: 'b t', password: PASSWORD });
    await says('Use 3 to 30 letters a to z, digits, dots, hyphens and underscores.');
    assert.ok((await page.evaluate(() => location.pathname)).endsWith('/login'));
  });

  test('the answer to a forgotten password is the same for names that nobody has', async () => {
    for (const name of ['anna', 'nobody']) {
      await page.goto(login);
      await page.click('[data-view=forgot]');
      await fill('forgot', { name });
      await says('If there is such an account, a link is on its way.');
    }
  });

  test('a link that is over is said so, and its token leaves the address', async () => {
    await page.goto('about:blank');
    await page.goto(`${login}#verify=aaaaaaaaaaaaaaaaaaaa`);
    await says('This link has been used or is too old. Ask for a new one.');
    assert.equal(await page.evaluate(() => location.hash), '');
    assert.ok(!(await message()).includes('aaaa'));
  });

  /** A signed call of the page to an address under the mount. */
  const ask = (path: string, body: object): Promise<Record<string, unknown>> =>
    page.evaluate(
      async (address, content) => {
        const headers = { 'content-type': 'application/json', 'x-requested-with': 'sallyport' };
        const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(content) });
        return { status: response.status, ...(await response.json()) };
      },
      `/_sallyport${path}`,
      body as never,
    );
  const user = (): Promise<{ name: string; amr: string[] } | null> =>
    page.evaluate(() => Reflect.get(window, Symbol.for('sallyport')).ask('user'));

  async function logIn(name: string): Promise<void> {
    await page.goto(`${login}?return=/`);
    await fill('login', { name, password: PASSWORD });
    await page.waitForFunction(() => location.pathname === '/');
  }

  test('who logged in by the page is logged in on the page that follows, and in every call', async () => {
    await logIn('anna');
    assert.equal((await user())?.name, 'anna');
  });

  test('a second factor is added by the person, and then asked for by the page', async () => {
    await page.goto(`${login}?return=/`);
    await page.click('[data-view=signup]');
    await fill('signup', { name: 'fay', password: PASSWORD });
    await page.waitForFunction(() => location.pathname === '/');
    const begun = await ask('/second-factor', { password: PASSWORD });
    assert.equal(begun['status'], 200, JSON.stringify(begun));
    const uri = String(begun['uri']);
    const confirmed = await ask('/second-factor', { code: codeFor(uri) });
    assert.equal(confirmed['status'], 200, JSON.stringify(confirmed));
    await page.evaluate(() => Reflect.get(window, Symbol.for('sallyport')).ask('login'));
    assert.deepEqual((await user())?.amr, ['pwd', 'otp', 'mfa'], 'this browser stays logged in');
    await page.goto(`${login}?return=/after`);
    await fill('login', { name: 'fay', password: PASSWORD });
    await page.waitForSelector('#factor:not([hidden])');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'code', 'the field has the focus');
    await fill('factor', { code: 'not a code' });
    await says('Name, password or code is not right.');
    await fill('factor', { code: codeFor(uri, Date.now() + 30_000) });
    await page.waitForFunction(() => location.pathname === '/after');
    await page.goto(`${site.url}/`);
    assert.deepEqual((await user())?.amr, ['pwd', 'otp', 'mfa']);
  });

  if (browser.name === 'chromium') {
    test('R63 a passkey is added and logs in without a name (a virtual authenticator)', async () => {
      const session = await page.createCDPSession();
      await session.send('WebAuthn.enable');
      await session.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      // A passkey belongs to a name; an address is none.
      const local = login.replace('127.0.0.1', 'localhost');
      await page.goto(`${local}?return=/`);
      await page.click('[data-view=signup]');
      await fill('signup', { name: 'pia', password: PASSWORD });
      await page.waitForFunction(() => location.pathname === '/');
      const { options } = await ask('/passkeys/options', {});
      const response: object = await page.evaluate(async (given) => {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(given);
        const made = await navigator.credentials.create({ publicKey });
        return made instanceof PublicKeyCredential ? made.toJSON() : {};
      }, options as never);
      const kept = await ask('/passkeys', { response, label: 'this laptop' });
      assert.equal(kept['status'], 200, JSON.stringify(kept));
      assert.equal((await page.evaluate(() => Reflect.get(window, Symbol.for('sallyport')).ask('logout'))).ok, true);
      await page.goto(`${local}?return=/`);
      await page.click('#passkey');
      await page.waitForFunction(() => location.pathname === '/');
      const found = await user();
      assert.equal(found?.name, 'pia');
      assert.deepEqual(found?.amr, ['pop', 'user', 'mfa']);
    });
  }
});
