import type { Page } from 'puppeteer-core';
import type { Config } from 'sallyport/config';
import type { BrowserName, LaunchOptions } from '../browsers.ts';
import { FILTERS, isBlocked } from './blocking.ts';

/** One kind of browser, window, machine or network in which people use an app. Rows with the same `launch` share a browser. */
export interface Row {
  readonly name: string;
  readonly browser: BrowserName;
  readonly launch?: LaunchOptions;
  /** What is done to a page before it loads. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** What happens to a page after it has loaded and before anybody uses it. */
  readonly meanwhile?: (page: Page, world: World) => Promise<void>;
  /** Pages side by side. Default 1. */
  readonly tabs?: number;
  /** What is configured otherwise than in the demo. Rows with the same share a gate. */
  readonly config?: Config;
  /**
   * Of so many pieces of answers one breaks its connection. People do again what did not work then, and load the page again
   * where that is not enough. Default: none does.
   */
  readonly breaksOneIn?: number;
  /** Whether it is left to the soak: too slow for every run of the tests. Default false. */
  readonly slow?: boolean;
}

/** What rows can do to the world around a page. */
export interface World {
  /** Goes on by a clock that stands so many milliseconds further: the page slept that long. */
  sleep(milliseconds: number): void;
}

const STRICT: LaunchOptions = {
  firefoxPrefs: {
    'browser.contentblocking.category': 'strict',
    'network.cookie.cookieBehavior': 5,
    'network.http.referer.disallowCrossSiteRelaxingDefault': true,
    'network.http.referer.disallowCrossSiteRelaxingDefault.top_navigation': true,
    'privacy.annotate_channels.strict_list.enabled': true,
    'privacy.bounceTrackingProtection.mode': 1,
    'privacy.fingerprintingProtection': true,
    'privacy.partition.network_state.ocsp_cache': true,
    'privacy.query_stripping.enabled': true,
    'privacy.trackingprotection.enabled': true,
    'privacy.trackingprotection.emailtracking.enabled': true,
    'privacy.trackingprotection.socialtracking.enabled': true,
  },
};
const RESIST: LaunchOptions = { firefoxPrefs: { 'privacy.resistFingerprinting': true } };
const PRIVATE: LaunchOptions = { firefoxPrefs: { 'browser.privatebrowsing.autostart': true } };
const INCOGNITO: LaunchOptions = { chromiumArgs: ['--incognito'] };
/** As where a browser is locked down: nothing is compiled at run time. */
const LOCKED_CHROMIUM: LaunchOptions = { chromiumArgs: ['--js-flags=--jitless --noexpose-wasm'] };
const LOCKED_FIREFOX: LaunchOptions = {
  firefoxPrefs: {
    'javascript.options.baselinejit': false,
    'javascript.options.ion': false,
    'javascript.options.wasm': false,
  },
};

/** Where a list names the gate's own addresses, its owner gives them another name. */
const RENAMED: Config = { mount: '/door' };
const NAMED = [...FILTERS, '/_sallyport/*'];

/** Longer than a ticket lives. */
const NAP = 30 * 60_000;

export const ROWS: readonly Row[] = [
  { name: 'Chromium', browser: 'chromium' },
  { name: 'Chromium, ten tabs at once', browser: 'chromium', tabs: 10 },
  { name: 'Chromium, filters that block by path name', browser: 'chromium', prepare: block(FILTERS) },
  {
    name: 'Chromium, filters that name the gate, which is called otherwise',
    browser: 'chromium',
    config: RENAMED,
    prepare: block(NAMED),
  },
  {
    name: 'Chromium, processor six times slower',
    browser: 'chromium',
    prepare: (page) => page.emulateCPUThrottling(6),
  },
  {
    name: 'Chromium, 400 ms away, 50 kB/s',
    browser: 'chromium',
    prepare: (page) => page.emulateNetworkConditions({ latency: 400, download: 50_000, upload: 50_000 }),
  },
  { name: 'Chromium, a network that breaks', browser: 'chromium', breaksOneIn: 30, slow: true },
  { name: 'Chromium, back and forward', browser: 'chromium', meanwhile: backAndForward },
  { name: 'Chromium, a tab that slept', browser: 'chromium', meanwhile: freeze },
  { name: 'Chromium, private window', browser: 'chromium', launch: INCOGNITO },
  { name: 'Chromium, no WebAssembly, no JIT', browser: 'chromium', launch: LOCKED_CHROMIUM },
  { name: 'Firefox ESR', browser: 'firefox' },
  { name: 'Firefox ESR, ten tabs at once', browser: 'firefox', tabs: 10, slow: true },
  { name: 'Firefox ESR, a network that breaks', browser: 'firefox', breaksOneIn: 30, slow: true },
  { name: 'Firefox ESR, back and forward', browser: 'firefox', meanwhile: backAndForward },
  { name: 'Firefox ESR, strict tracking protection', browser: 'firefox', launch: STRICT },
  { name: 'Firefox ESR, resistFingerprinting', browser: 'firefox', launch: RESIST },
  { name: 'Firefox ESR, private window', browser: 'firefox', launch: PRIVATE },
  { name: 'Firefox ESR, no WebAssembly, no JIT', browser: 'firefox', launch: LOCKED_FIREFOX },
];

function block(filters: readonly string[]) {
  return async (page: Page): Promise<void> => {
    await page.setRequestInterception(true);
    page.on('request', (request) => void (isBlocked(request.url(), filters) ? request.abort() : request.continue()));
  };
}

/** To the page with the form and back: out of the back/forward cache where the browser keeps it there. */
async function backAndForward(page: Page): Promise<void> {
  await page.goto(new URL('/report', page.url()).href);
  // Waiting for the navigation would wait for a load event that a page out of the cache does not fire.
  await page.evaluate(() => void setTimeout(() => history.back()));
  const back = () => location.pathname === '/' && document.querySelector('li.post') !== null;
  await page.waitForFunction(back, { polling: 50 });
}

/** As a browser does with a tab that nobody looks at, while the machine sleeps. */
async function freeze(page: Page, world: World): Promise<void> {
  const session = await page.createCDPSession();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  world.sleep(NAP);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await session.detach();
}
