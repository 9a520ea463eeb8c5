import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'puppeteer-core';
import { STEP_TEXTS, stepLanguage } from '../../src/browser/challenge/texts.ts';
import { buildBundle } from '../../src/doors/bundle.ts';
import { SCRIPTS } from '../challenges/providers/provider-pages.ts';
import { type ProviderServer, SITE_KEY, startProvider } from '../challenges/providers/provider-server.ts';
import { describeBrowsers, type TestBrowser } from './browsers.ts';
import { untilPage as until } from './until.ts';

/** The part of the script that solves providers’ challenges, on a page whose policy lets in what the docs say and no more. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { chunks } = await buildBundle();
let provider: ProviderServer;
let server: Server;
let origin = '';
/** Languages of the browser, as the page is told. */
let languages: readonly string[] = ['en'];

before(async () => {
  provider = await startProvider();
  server = createServer((request, response) => {
    if (request.url === '/captcha.js') {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(chunks['captcha']);
      return;
    }
    const policy = [
      "default-src 'none'",
      `script-src 'self' ${provider.origin}`,
      `frame-src ${provider.origin}`,
      "style-src 'self'",
      ...(request.url === '/typed' ? ["require-trusted-types-for 'script'"] : []),
    ];
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
    });
    response.end(`<!doctype html><html lang="en"><head><title>page</title></head><body><main><h1>App</h1>
<button id="go">Go</button><button id="next">Next</button><dialog id="own"><button id="inside">Inside</button></dialog></main></body></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider.pages, { widget: 'asks', blocked: false, score: 0.9 });
  provider.pages.loaded.length = 0;
  languages = ['en'];
});

test('the first language that there are texts in is spoken, English for all others', () => {
  assert.equal(stepLanguage(['pt-BR', 'fr-CA', 'en']), 'fr');
  assert.equal(stepLanguage(['zh-Hant-TW']), 'zh');
  assert.equal(stepLanguage(['AR-eg']), 'ar');
  assert.equal(stepLanguage(['constructor', 'nl']), 'en');
  assert.equal(stepLanguage([]), 'en');
});

test('every language says everything, and names the provider', () => {
  const known = Object.keys(STEP_TEXTS.en).sort();
  assert.deepEqual(Object.keys(STEP_TEXTS).sort(), ['ar', 'de', 'en', 'es', 'fr', 'ja', 'zh']);
  for (const [language, texts] of Object.entries(STEP_TEXTS)) {
    assert.deepEqual(Object.keys(texts).sort(), known, language);
    assert.ok(texts.why.includes('{name}'), language);
    for (const text of Object.values(texts)) assert.ok(text.length > 1, language);
  }
});

/** Opens the page and starts a step of this kind; what it comes to is in `window.came`. */
async function begin(browser: TestBrowser, kind: keyof typeof SCRIPTS, how: Begin = {}): Promise<Page> {
  const page = await browser.page();
  await page.goto(`${origin}${how.path ?? '/'}`);
  await page.evaluate(
    async (asked) => {
      Object.defineProperty(navigator, 'languages', { value: asked.languages });
      const { solve } = await import(`${location.origin}/captcha.js`);
      document.querySelector<HTMLElement>('#go')?.focus();
      if (asked.inDialog) document.querySelector<HTMLDialogElement>('#own')?.showModal();
      const other = async ({ kind }: { kind: string }) => {
        if (asked.other === 'waits') await new Promise((resolve) => Reflect.set(self, 'finish', resolve));
        if (asked.other === 'fails') throw new Error('no worker');
        return `${kind} done`;
      };
      const member = { id: 'i', action: 'POST /api', token: 't', counter: 0, shared: true, parameters: {} };
      const alternative = asked.other ? { ...member, kind: 'proof-of-work', alternative: null } : null;
      const start = (id: string) =>
        solve({ ...member, id, kind: asked.kind, parameters: asked.parameters, alternative }, other, asked.refused);
      const came: unknown[] = [];
      Reflect.set(self, 'came', came);
      for (let i = 0; i < asked.times; i++) {
        void start(`c${i}`).then(
          (solved: unknown) => came.push(solved),
          (error: unknown) => came.push(`${error}`),
        );
      }
    },
    {
      kind,
      languages: [...languages],
      other: how.other === undefined ? 'works' : how.other,
      times: how.times ?? 1,
      inDialog: how.inDialog ?? false,
      refused: how.refused ?? false,
      parameters: {
        siteKey: SITE_KEY,
        script: `${provider.origin}${SCRIPTS[kind]}`,
        action: 'post_api_1',
        binding: 'challenge-1',
      },
    },
  );
  return page;
}

interface Begin {
  readonly path?: string;
  readonly other?: 'works' | 'waits' | 'fails' | null;
  readonly times?: number;
  readonly inDialog?: boolean;
  readonly refused?: boolean;
}

interface Came {
  readonly challenge: { readonly kind: string; readonly id: string };
  readonly solution: string;
}

const cameTo = (page: Page): Promise<(Came | null | string)[]> => page.evaluate(() => Reflect.get(self, 'came'));
async function result(page: Page): Promise<Came | null | string> {
  await until(async () => (await cameTo(page)).length > 0);
  return (await cameTo(page))[0] ?? null;
}

/** What is to be seen of the dialog; null for nothing. */
const seen = (page: Page) =>
  page.evaluate(() => {
    const host = [...document.querySelectorAll<HTMLElement>('div')].find((element) => element.shadowRoot);
    const dialog = host?.shadowRoot?.querySelector<HTMLElement>('[role=dialog]');
    if (!host || !dialog || host.inert) return null;
    return {
      title: dialog.querySelector('h2')?.textContent,
      status: dialog.querySelector('[role=status]')?.textContent,
      buttons: [...dialog.querySelectorAll<HTMLElement>('button')]
        .filter((each) => !each.hidden)
        .map((each) => each.textContent),
      language: dialog.lang,
      direction: getComputedStyle(dialog).direction,
      padding: getComputedStyle(dialog).padding,
      focused: document.activeElement === host,
      appInert: document.querySelector('main')?.inert,
    };
  });

const shown = (page: Page) => until(async () => (await seen(page)) !== null);

async function press(page: Page, text: string): Promise<void> {
  await page.evaluate((label) => {
    const host = [...document.querySelectorAll<HTMLElement>('div')].find((element) => element.shadowRoot);
    const buttons = [...(host?.shadowRoot?.querySelectorAll<HTMLElement>('button') ?? [])];
    buttons.find((each) => each.textContent === label)?.click();
  }, text);
}

/** Presses the provider's own button, in the frame of this path. */
async function pass(page: Page, path = '/widget'): Promise<void> {
  const frame = () => page.frames().find((each) => each.url().includes(path));
  await until(async () => (await frame()?.$('button')) != null);
  await frame()?.evaluate(() => document.querySelector('button')?.click());
}

describeBrowsers('the step that a provider asks for', (browser) => {
  test('Turnstile: nothing is shown to whom it lets pass unasked', async () => {
    provider.pages.widget = 'passes';
    const page = await begin(browser, 'turnstile');
    const came = await result(page);
    assert.ok(typeof came === 'object' && came?.challenge.kind === 'turnstile');
    assert.match(came.solution, /^tok\./);
    assert.equal(await seen(page), null);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'go');
  });

  test('P6.2 Turnstile: the dialog opens when a person is needed, takes the focus and gives it back', async () => {
    const page = await begin(browser, 'turnstile');
    await shown(page);
    const dialog = await seen(page);
    assert.equal(dialog?.title, 'One more step');
    assert.ok(dialog.focused && dialog.appInert);
    assert.equal(dialog.padding, '20px', 'the style holds under style-src self');
    await pass(page);
    const came = await result(page);
    assert.ok(typeof came === 'object' && came !== null);
    assert.equal(await seen(page), null);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'go');
    assert.equal(await page.evaluate(() => document.querySelector('main')?.inert), false);
  });

  test('hCaptcha: a task that opens beside the dialog is within reach', async () => {
    const page = await begin(browser, 'hcaptcha');
    await shown(page);
    await pass(page);
    await page.waitForSelector('#task');
    assert.equal(await page.evaluate(() => document.querySelector('#task')?.matches('[inert], [inert] *')), false);
    await pass(page, '/task');
    const came = await result(page);
    assert.ok(typeof came === 'object' && came?.challenge.kind === 'hcaptcha');
  });

  for (const kind of ['recaptcha', 'recaptcha-enterprise'] as const) {
    test(`${kind}: a score is asked for without anything to see`, async () => {
      const page = await begin(browser, kind);
      const came = await result(page);
      assert.ok(typeof came === 'object' && came?.challenge.kind === kind);
      assert.equal(await seen(page), null);
      assert.match(provider.pages.loaded[0] ?? '', /render=site-key-1/);
    });
  }

  test('a script that is blocked: the person is told, and the other way needs nothing of the provider', async () => {
    provider.pages.blocked = true;
    const page = await begin(browser, 'turnstile');
    await shown(page);
    await until(async () => (await seen(page))?.status === STEP_TEXTS.en.failed);
    await press(page, STEP_TEXTS.en.other);
    assert.deepEqual(
      await result(page).then((came) => typeof came === 'object' && came?.solution),
      'proof-of-work done',
    );
    assert.equal(await seen(page), null);
  });

  test('where Trusted Types keep scripts out, the other way is open', async () => {
    const page = await begin(browser, 'recaptcha', { path: '/typed' });
    const came = await result(page);
    const typed = await page.evaluate(() => 'trustedTypes' in self);
    assert.ok(typeof came === 'object' && came?.challenge.kind === (typed ? 'proof-of-work' : 'recaptcha'));
    assert.equal(provider.pages.loaded.length, typed ? 0 : 1);
  });

  test('a script that was blocked once is asked for again the next time', async () => {
    provider.pages.blocked = true;
    const page = await begin(browser, 'hcaptcha', { times: 2 });
    await shown(page);
    await until(async () => (await seen(page))?.status === STEP_TEXTS.en.failed);
    provider.pages.blocked = false;
    await press(page, STEP_TEXTS.en.cancel);
    await pass(page);
    await pass(page, '/task');
    await until(async () => (await cameTo(page)).length === 2);
    const [first, second] = await cameTo(page);
    assert.equal(first, null);
    assert.ok(typeof second === 'object' && second?.challenge.kind === 'hcaptcha');
  });

  test('a score that cannot be had goes the other way by itself, and says no where there is none', async () => {
    provider.pages.blocked = true;
    const page = await begin(browser, 'recaptcha');
    const came = await result(page);
    assert.ok(typeof came === 'object' && came?.challenge.kind === 'proof-of-work');
    assert.equal(await seen(page), null);
    assert.equal(await result(await begin(browser, 'recaptcha', { other: null })), null);
  });

  test('P6.5 a score that was too low: the next try goes the other way by itself, and the provider is not asked', async () => {
    const page = await begin(browser, 'recaptcha', { refused: true });
    const came = await result(page);
    assert.ok(typeof came === 'object' && came?.challenge.kind === 'proof-of-work');
    assert.deepEqual(provider.pages.loaded, []);
    assert.equal(await result(await begin(browser, 'recaptcha', { refused: true, other: null })), null);
  });

  test('a widget whose solution did not do is shown again, with a word', async () => {
    const page = await begin(browser, 'hcaptcha', { refused: true });
    await shown(page);
    await until(async () => (await seen(page))?.status === STEP_TEXTS.en.again);
    assert.deepEqual((await seen(page))?.buttons, [STEP_TEXTS.en.other, STEP_TEXTS.en.cancel]);
  });

  test('a widget that fails says so, and leaves both ways open', async () => {
    provider.pages.widget = 'fails';
    const page = await begin(browser, 'turnstile');
    await shown(page);
    const dialog = await seen(page);
    assert.equal(dialog?.status, STEP_TEXTS.en.again);
    assert.deepEqual(dialog.buttons, [STEP_TEXTS.en.other, STEP_TEXTS.en.cancel]);
    await pass(page);
    const came = await result(page);
    assert.ok(typeof came === 'object' && came?.challenge.kind === 'turnstile');
  });

  test('a widget that stays silent is shown after a while, so that nobody waits for they know not what', async () => {
    provider.pages.widget = 'hangs';
    const page = await begin(browser, 'turnstile');
    await shown(page);
    await press(page, STEP_TEXTS.en.cancel);
    assert.equal(await result(page), null);
  });

  test('Escape stops it, and so does the button; the app hears no key', async () => {
    const page = await begin(browser, 'turnstile');
    await shown(page);
    await page.evaluate(() => {
      Reflect.set(self, 'heard', 0);
      document.addEventListener('keydown', () => Reflect.set(self, 'heard', Reflect.get(self, 'heard') + 1));
    });
    await page.keyboard.press('Escape');
    assert.equal(await result(page), null);
    assert.equal(await seen(page), null);
    assert.equal(await page.evaluate(() => Reflect.get(self, 'heard')), 0);
  });

  test('P6.2 all of it is reached by the keyboard, and nothing behind it', async () => {
    const page = await begin(browser, 'turnstile');
    await shown(page);
    const reached = new Set<string>();
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement?.shadowRoot?.activeElement?.textContent ?? activeElement?.tagName ?? '';
      });
      reached.add(at);
    }
    assert.ok(reached.has(STEP_TEXTS.en.other) && reached.has(STEP_TEXTS.en.cancel), [...reached].join(', '));
    assert.ok(!reached.has('BUTTON'), 'a button of the app');
  });

  test('the other way: while the device calculates it can be stopped, and a late end changes nothing', async () => {
    const page = await begin(browser, 'turnstile', { other: 'waits' });
    await shown(page);
    await press(page, STEP_TEXTS.en.other);
    await until(async () => (await seen(page))?.status === STEP_TEXTS.en.working);
    assert.deepEqual((await seen(page))?.buttons, [STEP_TEXTS.en.cancel]);
    await press(page, STEP_TEXTS.en.cancel);
    assert.equal(await result(page), null);
    await page.evaluate(() => {
      document.querySelector<HTMLElement>('#next')?.focus();
      Reflect.get(self, 'finish')();
    });
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'next');
    assert.equal((await cameTo(page)).length, 1);
  });

  test('the other way that fails leads back to the first', async () => {
    const page = await begin(browser, 'turnstile', { other: 'fails' });
    await shown(page);
    await press(page, STEP_TEXTS.en.other);
    await until(async () => (await seen(page))?.status === STEP_TEXTS.en.again);
    await pass(page);
    assert.ok(await result(page));
  });

  test('two calls at once: one dialog after the other', async () => {
    const page = await begin(browser, 'turnstile', { times: 2 });
    await shown(page);
    const count = () =>
      page.evaluate(() => [...document.querySelectorAll('div')].filter((element) => element.shadowRoot).length);
    assert.equal(await count(), 1);
    await press(page, STEP_TEXTS.en.cancel);
    await until(async () => (await cameTo(page)).length === 1);
    await shown(page);
    assert.equal(await count(), 1);
    await pass(page);
    await until(async () => (await cameTo(page)).length === 2);
    assert.equal(provider.pages.loaded.length, 1, 'the script is loaded once');
  });

  test('over a modal dialog of the app’s own it can be reached all the same', async () => {
    const page = await begin(browser, 'turnstile', { inDialog: true });
    await shown(page);
    assert.ok((await seen(page))?.focused);
    await press(page, STEP_TEXTS.en.cancel);
    assert.equal(await result(page), null);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'inside');
  });

  describe('in every language', () => {
    for (const [language, texts] of Object.entries(STEP_TEXTS)) {
      test(`P6.2 ${language}: no violation that axe knows of, in either colour scheme, at 320 pixels`, async () => {
        languages = [`${language}-XX`, 'en'];
        const page = await begin(browser, 'turnstile');
        await shown(page);
        const dialog = await seen(page);
        assert.equal(dialog?.title, texts.title);
        assert.equal(dialog.language, language);
        assert.equal(dialog.direction, language === 'ar' ? 'rtl' : 'ltr');
        await page.evaluate(AXE);
        const schemes = browser.name === 'chromium' ? ['light', 'dark'] : ['light'];
        for (const value of schemes) {
          if (browser.name === 'chromium') {
            await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
            await page.setViewport({ width: 320, height: 600 });
          }
          const violations = await page.evaluate(async () => {
            const { violations: found } = await Reflect.get(window, 'axe').run(
              { exclude: ['main'] },
              { iframes: false },
            );
            return found.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`);
          });
          assert.deepEqual(violations, []);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(browser.name !== 'chromium' || width <= 320, `${width}`);
        }
      });
    }
  });
});
