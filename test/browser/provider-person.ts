import type { Page } from 'puppeteer-core';
import type { TestProvider } from '../identity/oidc/provider.ts';
import type { Site } from './site.ts';
import { untilPage } from './until.ts';

/** What a person does, and what an app's page asks, where people log in at the provider `one`. */
export interface Person {
  /** The whole way, from the login's address to `returnTo`. */
  login(page: Page, name: string, returnTo?: string): Promise<void>;
  /** To the provider's own form; it is not sent. */
  begin(page: Page, returnTo?: string): Promise<void>;
  /** Sends that form, and waits for the page that follows. */
  finish(page: Page, name: string, returnTo?: string): Promise<void>;
  logout(page: Page): Promise<void>;
  /** Makes the provider forget who this browser is. */
  forget(page: Page): Promise<void>;
  /** Id of who is logged in; null for nobody. */
  user(page: Page): Promise<string | null>;
  call(page: Page, path: string, body?: string): Promise<{ status: number; code: string }>;
}

export function createPerson(site: () => Site, provider: () => TestProvider): Person {
  const person: Person = {
    async begin(page, returnTo = '/landed') {
      await page.goto(`${site().url}/_sallyport/login/one?return=${returnTo}`);
    },
    async finish(page, name, returnTo = '/landed') {
      await page.waitForSelector('button');
      await page.evaluate((sub) => {
        const field = document.querySelector('input');
        if (field !== null) field.value = sub;
        document.querySelector('button')?.click();
      }, name);
      await untilPage(async () => new URL(page.url()).pathname === returnTo && (await page.title()) === 'page');
    },
    async login(page, name, returnTo) {
      await person.begin(page, returnTo);
      await person.finish(page, name, returnTo);
    },
    async logout(page) {
      await page.evaluate(() => Reflect.get(window, Symbol.for('sallyport')).ask('logout'));
    },
    async forget(page) {
      await page.goto(`${provider().issuer}/interaction/none`);
      await page.deleteCookie(...(await page.cookies()).filter(({ name }) => name.startsWith('_')));
      await page.goto(site().url);
    },
    user: (page) =>
      page.evaluate(async () => (await Reflect.get(window, Symbol.for('sallyport')).ask('user'))?.id ?? null),
    call: (page, path, body) =>
      page.evaluate(
        async (address, content) => {
          const response = await fetch(address, content === null ? {} : { method: 'POST', body: content });
          const problem = response.ok ? {} : await response.json().catch(() => ({}));
          return { status: response.status, code: String(problem.code ?? '') };
        },
        path,
        body ?? null,
      ),
  };
  return person;
}
