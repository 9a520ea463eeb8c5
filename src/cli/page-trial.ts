import type { HTTPRequest, Page } from 'puppeteer-core';
import { findChromium, startChromium } from '../lab/browser.ts';
import { isLoopback } from '../lab/target.ts';
import { DEFAULT_MOUNT } from '../wire/constants.ts';

/** One request that a page made while it loaded. */
export interface TrialRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Of the answer; 0 where none came. */
  readonly status: number;
  /** The gate's decision id; '' where the answer names none. */
  readonly id: string;
}

/** What loading one page showed. */
export interface PageTrial {
  readonly page: string;
  /** Status of the page itself; 0 where it did not load. */
  readonly status: number;
  /** Why it did not load; ''. */
  readonly trouble: string;
  /** Whether the page's script opened the second door. */
  readonly entered: boolean;
  /** Requests to the gate by whichever of its names, without the mount's own. */
  readonly requests: readonly TrialRequest[];
  /** Calls that went to the backend without the gate: method and URL without its query. */
  readonly around: readonly string[];
}

export interface TrialOptions {
  /** Origin of the gate: `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** The backend's URL. */
  readonly to: string;
  /** Paths of the pages to load. */
  readonly pages: readonly string[];
  readonly mount?: string;
  /** Milliseconds for each page. Default 20000. */
  readonly timeout?: number;
}

/** Whether there is a browser to try pages in. */
export const hasBrowser = (): boolean => findChromium() !== null;

/** Loads pages through the gate, each in a fresh profile of the system's Chromium, and notes what they ask for. */
export async function tryPages(options: TrialOptions): Promise<PageTrial[]> {
  const chromium = await startChromium();
  try {
    const trials: PageTrial[] = [];
    for (const path of options.pages) trials.push(await tryPage(await chromium.page(), path, options));
    return trials;
  } finally {
    await chromium.close();
  }
}

async function tryPage(page: Page, path: string, options: TrialOptions): Promise<PageTrial> {
  const { origin, to, mount = DEFAULT_MOUNT, timeout = 20_000 } = options;
  const seen = watch(page, origin, new URL(to), mount);
  let status = 0;
  let trouble = '';
  try {
    const response = await page.goto(new URL(path, origin).href, { waitUntil: 'load', timeout });
    status = response?.status() ?? 0;
    await seen.quiet(timeout);
  } catch (error) {
    trouble = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  }
  return { page: path, status, trouble, entered: seen.entered(), requests: seen.requests(), around: seen.around() };
}

interface Watch {
  /** Resolves once nothing covered has been asked for a while, or after `limit` milliseconds. */
  quiet(limit: number): Promise<void>;
  entered(): boolean;
  requests(): TrialRequest[];
  around(): string[];
}

/** Quiet for this long counts as loaded: the doors and the app's first calls come right after one another. */
const QUIET = 1_500;

const CALLS: readonly string[] = ['fetch', 'xhr', 'eventsource'];

function watch(page: Page, origin: string, backend: URL, mount: string): Watch {
  const answered = new Map<HTTPRequest, TrialRequest>();
  const around = new Set<string>();
  let entered = false;
  let last = performance.now();
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (CALLS.includes(request.resourceType()) && samePlace(url, backend)) {
      around.add(`${request.method()} ${url.origin}${url.pathname}`);
    }
    if (url.origin !== origin) return;
    last = performance.now();
    if (url.pathname.startsWith(`${mount}/`)) return;
    answered.set(request, asked(request, url));
  });
  page.on('response', (response) => {
    last = performance.now();
    const request = response.request();
    if (response.url() === `${origin}${mount}/enter` && response.ok()) entered = true;
    const id = response.headers()['sallyport-decision'] ?? '';
    // A page that names the gate differently (localhost, 127.0.0.1) asks another origin: the answer tells whose it is.
    const known = answered.get(request) ?? (id === '' ? null : asked(request, new URL(request.url())));
    if (known !== null) answered.set(request, { ...known, status: response.status(), id });
  });
  return {
    entered: () => entered,
    requests: () => [...answered.values()],
    around: () => [...around],
    async quiet(limit) {
      const until = performance.now() + limit;
      while (performance.now() < until && performance.now() - last < QUIET) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

const asked = (request: HTTPRequest, url: URL): TrialRequest => ({
  method: request.method(),
  target: url.pathname + url.search,
  status: 0,
  id: '',
});

/** Whether two URLs name one server: the names of loopback count as one. */
const samePlace = (one: URL, other: URL): boolean =>
  one.protocol === other.protocol &&
  one.port === other.port &&
  (one.hostname === other.hostname || (isLoopback(one.hostname) && isLoopback(other.hostname)));
