import type { HTTPRequest, Page } from 'puppeteer-core';
import { findChromium, startChromium } from '../lab/browser.ts';
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
  /** Requests to the gate, without the mount's own. */
  readonly requests: readonly TrialRequest[];
}

export interface TrialOptions {
  /** Origin of the gate: `http://127.0.0.1:4000`. */
  readonly origin: string;
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
  const { origin, mount = DEFAULT_MOUNT, timeout = 20_000 } = options;
  const seen = watch(page, origin, mount);
  let status = 0;
  let trouble = '';
  try {
    const response = await page.goto(new URL(path, origin).href, { waitUntil: 'load', timeout });
    status = response?.status() ?? 0;
    await seen.quiet(timeout);
  } catch (error) {
    trouble = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  }
  return { page: path, status, trouble, entered: seen.entered(), requests: seen.requests() };
}

interface Watch {
  /** Resolves once nothing covered has been asked for a while, or after `limit` milliseconds. */
  quiet(limit: number): Promise<void>;
  entered(): boolean;
  requests(): TrialRequest[];
}

/** Quiet for this long counts as loaded: the doors and the app's first calls come right after one another. */
const QUIET = 1_500;

function watch(page: Page, origin: string, mount: string): Watch {
  const answered = new Map<HTTPRequest, TrialRequest>();
  let entered = false;
  let last = performance.now();
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin) return;
    last = performance.now();
    if (url.pathname.startsWith(`${mount}/`)) return;
    answered.set(request, { method: request.method(), target: url.pathname + url.search, status: 0, id: '' });
  });
  page.on('response', (response) => {
    last = performance.now();
    const request = response.request();
    if (response.url() === `${origin}${mount}/enter` && response.ok()) entered = true;
    const known = answered.get(request);
    if (known === undefined) return;
    answered.set(request, { ...known, status: response.status(), id: response.headers()['sallyport-decision'] ?? '' });
  });
  return {
    entered: () => entered,
    requests: () => [...answered.values()],
    async quiet(limit) {
      const until = performance.now() + limit;
      while (performance.now() < until && performance.now() - last < QUIET) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}
