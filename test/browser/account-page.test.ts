import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import type { AccountMail } from '../../src/guard/config-accounts.ts';
import { codeFor } from '../identity/accounts/totp.ts';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PASSWORD = 'correct horse battery';

describeBrowsers('the account page', (browser) => {
  let site: Site;
  let page: Page;
  const mails: AccountMail[] = [];

  before(async () => {
    const accounts = { signUp: 'open', sendVerification: (mail: AccountMail) => void mails.push(mail) } as const;
    site = await startSite({ config: { login: { accounts } } });
    page = await browser.page();
  });
  after(() => site?.close());

  /** A passkey belongs to a name; an address is none. */
  const address = (path: string): string => `${site.url.replace('127.0.0.1', 'localhost')}/_sallyport${path}`;
  const says = (part: string, text: string, where = page) =>
    where.waitForFunction((id, wanted) => document.querySelector(`#${id}`)?.textContent === wanted, {}, part, text);
  const shown = (selector: string, where = page) => where.waitForSelector(`${selector}:not([hidden])`);

  async function send(form: string, fields: Readonly<Record<string, string>>, where = page): Promise<void> {
    for (const [name, value] of Object.entries(fields)) {
      const field = await where.waitForSelector(`#${form} [name=${name}]:enabled`);
      await field?.evaluate((element) => {
        if (element instanceof HTMLInputElement) element.value = '';
      });
      await field?.type(value);
    }
    await where.keyboard.press('Enter');
  }

  async function arrive(how: 'login' | 'signup', name: string, where = page): Promise<void> {
    await where.goto(address('/login?return=%2F_sallyport%2Faccount'));
    if (how === 'signup') await where.click('[data-view=signup]');
    await send(how, { name, password: PASSWORD }, where);
    await where.waitForSelector('#session-list li');
  }

  test('nobody is led to the login, and back', async () => {
    await page.goto(address('/account'));
    await shown('#nobody');
    assert.equal(await page.$eval('#somebody', (element) => element.checkVisibility()), false);
    await page.click('#nobody a');
    await page.waitForSelector('#login');
    await page.click('[data-view=signup]');
    await send('signup', { name: 'anna', password: PASSWORD });
    await says('message', 'You are logged in as anna.');
  });

  test('no violation that axe knows of, nothing wider than 320 pixels, in either colour scheme', async () => {
    await send('factor-begin', { password: PASSWORD });
    await shown('#factor-new');
    await page.setViewport({ width: 320, height: 640 });
    for (const scheme of browser.name === 'chromium' ? ['light', 'dark'] : ['light']) {
      if (browser.name === 'chromium')
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      for (const open of [false, true]) {
        await page.evaluate((wanted) => {
          const dialog = document.querySelector('dialog');
          if (wanted) dialog?.showModal();
          else dialog?.close();
        }, open);
        await page.evaluate(AXE);
        const violations: string[] = await page.evaluate(async () => {
          const { violations: found } = await Reflect.get(window, 'axe').run();
          return found.map(({ id, help }: { id: string; help: string }) => `${id}: ${help}`);
        });
        assert.deepEqual(violations, [], `${scheme}, dialog ${open}`);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 320, `${width} pixels wide`);
      }
    }
    await page.evaluate(() => document.querySelector('dialog')?.close());
    if (browser.name === 'chromium') await page.emulateMediaFeatures([]);
    await page.setViewport({ width: 800, height: 600 });
  });

  test('R62 a second factor is set up, asked for again when the login is old, and turned off', async () => {
    const uri = await page.$eval('#factor-link', (link) => link.getAttribute('href') ?? '');
    const codes = await page.$$eval('#code-list li', (items) => items.map((item) => item.textContent ?? ''));
    assert.equal(codes.length, 10);
    await send('factor-confirm', { code: '000000' });
    await says('factor-said', 'The password or code is not right.');
    await send('factor-confirm', { code: codeFor(uri) });
    await says('factor-said', 'The second factor is on. Your other sessions have ended.');
    site.skew += 301_000;
    await send('email', { email: 'anna@example.org' });
    await page.waitForSelector('dialog[open]');
    await send('again-form', { password: PASSWORD, code: 'no code' });
    await says('again-said', 'The password or code is not right.');
    await send('again-form', { password: PASSWORD, code: codes[0] ?? '' });
    await says('email-said', 'We have sent a link to the new address. It becomes yours here once you open the link.');
    await page.goto('about:blank');
    const link = mails.at(-1)?.url ?? '';
    await page.goto(link);
    await says('message', 'Your address is confirmed. You can log in now.');
    await page.goto(address('/account'));
    await says('email-now', 'anna@example.org');
    await send('factor-change', { password: PASSWORD, code: codes[1] ?? '' });
    await page.waitForFunction(() => document.querySelectorAll('#code-list li').length === 10);
    const fresh = await page.$eval('#code-list li', (item) => item.textContent ?? '');
    await page.type('#factor-change [name=password]', PASSWORD);
    await page.type('#factor-change [name=code]', fresh);
    await page.click('#factor-change [value=remove]');
    await says('factor-said', 'The second factor is off. Your other sessions have ended.');
    assert.equal(await page.$eval('#codes', (element) => element.checkVisibility()), false, 'codes go with it');
  });

  test('R18 R19 a changed password ends the sessions elsewhere, and one is ended from here', async () => {
    const other = await (await browser.browser.createBrowserContext()).newPage();
    try {
      await arrive('login', 'anna', other);
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('#session-list li').length === 2);
      await page.click('#session-list button');
      await says('sessions-said', 'Sessions ended: 1.');
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'sessions-title', 'the focus is not lost');
      await other.reload();
      await shown('#nobody', other);
      await arrive('login', 'anna', other);
      const next = 'another good password';
      await send('password', { current: PASSWORD, next: 'short' });
      await says('password-said', 'This password is too short or too easy to guess.');
      await send('password', { current: PASSWORD, next });
      await says('password-said', 'The password is changed. Your other sessions have ended.');
      await other.reload();
      await shown('#nobody', other);
      await page.reload();
      await says('message', 'You are logged in as anna.');
    } finally {
      await other.browserContext().close();
    }
  });

  test('R34 a person logs out by a button', async () => {
    await page.click('#logout button');
    await page.waitForFunction(() => location.pathname === '/');
    await page.goto(address('/account'));
    await shown('#nobody');
  });

  test('the login page says in plain words that a browser refuses cookies', async () => {
    const blind = await (await browser.browser.createBrowserContext()).newPage();
    try {
      // As a browser says it that is set to keep none.
      await blind.evaluateOnNewDocument(() => {
        Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false });
      });
      await blind.goto(address('/login'));
      const words =
        'Your browser keeps no cookies for this site, and nobody can log in without them. Allow them, then load this page again.';
      await says('message', words, blind);
    } finally {
      await blind.browserContext().close();
    }
  });

  if (browser.name === 'chromium') {
    test('R63 passkeys are added, shown as text, used to show again who one is, and removed', async () => {
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
      await arrive('signup', 'pia');
      const label = '<img src=x onerror=document.title=1> & "more" of it';
      await send('passkey-add', { label });
      await says('passkeys-said', 'The passkey is added.');
      assert.ok((await page.$eval('#passkey-list', (list) => list.textContent ?? '')).includes(label));
      assert.equal(await page.$('#passkey-list img'), null);
      assert.equal(await page.title(), 'Your account');
      site.skew += 301_000;
      await page.click('#passkey-list button');
      await page.waitForSelector('dialog[open]');
      await page.keyboard.press('Escape');
      await says('passkeys-said', '');
      await page.click('#passkey-list button');
      await page.waitForSelector('dialog[open]');
      await page.click('#again-passkey');
      await says('passkeys-said', 'The passkey is removed.');
      await shown('#no-passkeys');
    });
  }
});
