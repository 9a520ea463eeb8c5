import { TEST_PASS_FIELD } from '../wire/test-pass.ts';
import { createTestPass, type TestPassOptions } from './pass.ts';

/** What is used of Playwright, so that its package is the tests' own. */
interface PlaywrightRoute {
  request(): { headers(): Record<string, string> };
  fallback(options: { headers: Record<string, string> }): Promise<void>;
}
interface PlaywrightContext {
  route(url: (url: URL) => boolean, handler: (route: PlaywrightRoute) => Promise<void>): Promise<unknown>;
}
type Use<T> = (value: T) => Promise<void>;

export interface PassFixtureOptions extends TestPassOptions {
  /** Origins of the app under test: the pass goes nowhere else. Default: Playwright's `baseURL`. */
  readonly origins?: readonly string[];
  /** Where the gate answers itself. Default `/_sallyport`. */
  readonly mount?: string;
}

/**
 * Fixtures for `test.extend`: pages enter with a pass, so that no limit on new sessions stops many workers at one address,
 * and `request` calls the API without a page. Calls of pages stay signed by the page, as people's are.
 *
 * `export const test = base.extend(passFixtures({ key: process.env.SALLYPORT_TEST_KEY }))`
 */
export function passFixtures(options: PassFixtureOptions) {
  return {
    async context<C extends PlaywrightContext>(
      { context, baseURL }: { context: C; baseURL?: string | undefined },
      use: Use<C>,
    ): Promise<void> {
      await addPass(context, baseURL, options);
      await use(context);
    },
    async request<R extends { dispose(): Promise<void> }>(
      {
        playwright,
        baseURL,
      }: {
        playwright: {
          request: { newContext(options: { baseURL?: string; extraHTTPHeaders: Record<string, string> }): Promise<R> };
        };
        baseURL?: string | undefined;
      },
      use: Use<R>,
    ): Promise<void> {
      const extraHTTPHeaders = { [TEST_PASS_FIELD]: createTestPass(options) };
      const made = await playwright.request.newContext({
        ...(baseURL === undefined ? {} : { baseURL }),
        extraHTTPHeaders,
      });
      await use(made);
      await made.dispose();
    },
  };
}

/** Gives every entry of a browser context a pass. For those who make contexts themselves. */
export async function addPass(
  context: PlaywrightContext,
  baseURL: string | undefined,
  { origins, mount = '/_sallyport', ...options }: PassFixtureOptions,
): Promise<void> {
  const listed = new Set((origins ?? (baseURL === undefined ? [] : [baseURL])).map((url) => new URL(url).origin));
  if (listed.size === 0) throw new TypeError('origins: name the app’s, or set Playwright’s baseURL');
  const isEntry = (url: URL): boolean => listed.has(url.origin) && url.pathname === `${mount}/enter`;
  await context.route(isEntry, async (route) => {
    const headers = { ...route.request().headers(), [TEST_PASS_FIELD]: createTestPass(options) };
    await route.fallback({ headers });
  });
}
