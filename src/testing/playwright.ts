import { TEST_PASS_FIELD } from '../wire/test-pass.ts';
import { createTestPass, type TestPassOptions } from './pass.ts';

/** What is used of Playwright, so that its package is the tests' own. */
interface PlaywrightRoute {
  request(): { headers(): Record<string, string>; url(): string };
  fallback(options: { headers: Record<string, string> }): Promise<void>;
}
interface PlaywrightContext {
  route(url: (url: URL) => boolean, handler: (route: PlaywrightRoute) => Promise<void>): Promise<unknown>;
}
type Use<T> = (value: T) => Promise<void>;

export interface PassFixtureOptions extends TestPassOptions {
  /** As {@link TestPassOptions.authority}. Default: the app's own, so that a pass is good nowhere else. */
  readonly authority?: string;
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
          request: { newContext(options: { baseURL?: string }): Promise<R> };
        };
        baseURL?: string | undefined;
      },
      use: Use<R>,
    ): Promise<void> {
      const own = ownOrigins(options.origins, baseURL);
      const made = await playwright.request.newContext(baseURL === undefined ? {} : { baseURL });
      const [first = ''] = own;
      const { authority = hostOf(first) } = options;
      await use(withPass(made, createTestPass({ ...options, authority }), (url) => own.has(originOf(url, baseURL))));
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
  const own = ownOrigins(origins, baseURL);
  const isEntry = (url: URL): boolean => own.has(url.origin) && url.pathname === `${mount}/enter`;
  await context.route(isEntry, async (route) => {
    const asked = route.request();
    const { authority = hostOf(asked.url()) } = options;
    const headers = { ...asked.headers(), [TEST_PASS_FIELD]: createTestPass({ ...options, authority }) };
    await route.fallback({ headers });
  });
}

function ownOrigins(origins: readonly string[] | undefined, baseURL: string | undefined): ReadonlySet<string> {
  const own = new Set((origins ?? (baseURL === undefined ? [] : [baseURL])).map((url) => new URL(url).origin));
  if (own.size === 0) throw new TypeError('origins: name the app’s, or set Playwright’s baseURL');
  return own;
}

const hostOf = (url: string): string => new URL(url).host;
const originOf = (url: string, base: string | undefined): string => URL.parse(url, base)?.origin ?? '';

const CALLS: ReadonlySet<string | symbol> = new Set(['fetch', 'get', 'head', 'post', 'put', 'patch', 'delete']);

/** For calls that name their URL as text. Playwright's own way to add a header adds it for strangers as well. */
function withPass<R extends object>(context: R, pass: string, isOwn: (url: string) => boolean): R {
  return new Proxy(context, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]): unknown => {
        const [asked, options] = given;
        if (!CALLS.has(name) || typeof asked !== 'string' || !isOwn(asked)) return Reflect.apply(value, target, given);
        const headers = { ...Object(Object(options).headers), [TEST_PASS_FIELD]: pass };
        return Reflect.apply(value, target, [asked, { ...Object(options), headers }]);
      };
    },
  });
}
