import { existsSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { freshProfile } from './firefox-profile.ts';

/**
 * The system's own Chromium and Firefox behind one API. A test file launches each once and reuses pages:
 *
 *     describeBrowsers('the feed', (browser) => {
 *       test('R1 …', async () => {
 *         const page = await browser.page();
 *         …
 *       });
 *     });
 */

export type BrowserName = 'chromium' | 'firefox';

export interface TestBrowser {
  readonly name: BrowserName;
  /** The one page of this browser that tests share, in the state the last test left it; navigate first. */
  page(): Promise<Page>;
  /** A further tab. Whoever opens one closes it. */
  newPage(): Promise<Page>;
  readonly browser: Browser;
}

export interface LaunchOptions {
  /** Further command line switches for Chromium. */
  readonly chromiumArgs?: readonly string[];
  /** Further preferences for Firefox. */
  readonly firefoxPrefs?: Readonly<Record<string, unknown>>;
  /** Takes certificates that nobody trusts, as those that the gate makes for itself. Default false. */
  readonly anyCertificate?: boolean;
  /** Names other than loopback's that resolve to it: `['evil.test']`. */
  readonly loopbackHosts?: readonly string[];
}

const PLACES: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
};

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Nothing but loopback: no updates, no telemetry, no captive portal checks. */
const FIREFOX_PREFS: Readonly<Record<string, unknown>> = {
  'app.normandy.enabled': false,
  'app.update.auto': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  // A process in waiting for each tab to come: a second of work where a file opens three.
  'dom.ipc.processPrelaunch.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.enabled': false,
};

/** Path of the system's browser; `SALLYPORT_CHROMIUM` and `SALLYPORT_FIREFOX` name another one. */
export function findBrowser(name: BrowserName): string | undefined {
  const named = process.env[`SALLYPORT_${name.toUpperCase()}`];
  return [...(named === undefined ? [] : [named]), ...PLACES[name]].find((path) => existsSync(path));
}

export async function launchBrowser(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findBrowser(name);
  if (executablePath === undefined)
    throw new Error(`no system ${name} found; install it or set SALLYPORT_${name.toUpperCase()}`);
  const hosts = options.loopbackHosts ?? [];
  if (name === 'firefox') {
    const launch = (userDataDir: string, extraPrefsFirefox: Readonly<Record<string, unknown>>) =>
      puppeteer.launch({
        browser: 'firefox',
        executablePath,
        headless: true,
        acceptInsecureCerts: options.anyCertificate ?? false,
        userDataDir,
        extraPrefsFirefox,
      });
    const profile = await freshProfile(executablePath, async (used) => (await launch(used, FIREFOX_PREFS)).close());
    return launch(profile, {
      ...FIREFOX_PREFS,
      ...(hosts.length > 0 ? { 'network.dns.localDomains': hosts.join(',') } : {}),
      ...options.firefoxPrefs,
    });
  }
  const mapped = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  return puppeteer.launch({
    browser: 'chrome',
    executablePath,
    headless: true,
    acceptInsecureCerts: options.anyCertificate ?? false,
    args: [
      ...CHROMIUM_ARGS,
      ...(mapped === '' ? [] : [`--host-resolver-rules=${mapped}`]),
      ...(options.chromiumArgs ?? []),
    ],
  });
}

/** Runs one suite in each browser, launched before its first test and closed after its last. */
export function describeBrowsers(
  title: string,
  suite: (browser: TestBrowser) => void,
  options: LaunchOptions = {},
): void {
  for (const name of ['chromium', 'firefox'] as const) {
    describe(`${title} (${name})`, () => {
      let launched: Browser | undefined;
      let shared: Page | undefined;
      const running = (): Browser => {
        if (launched === undefined) throw new Error('the browser is not running');
        return launched;
      };
      before(async () => {
        launched = await launchBrowser(name, options);
      });
      after(async () => {
        await launched?.close();
      });
      suite({
        name,
        get browser() {
          return running();
        },
        newPage: () => running().newPage(),
        async page() {
          if (shared === undefined || shared.isClosed()) shared = await running().newPage();
          return shared;
        },
      });
    });
  }
}
