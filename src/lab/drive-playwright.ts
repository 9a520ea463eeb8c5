import { chromiumArguments } from './browser.ts';
import type { Display } from './display.ts';
import { type BrowserClock, callFromPage, type DrivenPage } from './drive.ts';
import type { Lab } from './lab.ts';
import { NotRun } from './not-run.ts';
import { findPackage } from './optional.ts';
import type { Tally } from './tally.ts';

/** The part of playwright-core that is used, which its relatives share. They are CommonJS modules. */
interface Playwright {
  readonly default: { readonly chromium: { launch(options: unknown): Promise<DrivenBrowser> } };
}

interface DrivenBrowser {
  newContext(options: unknown): Promise<{ newPage(): Promise<PlaywrightPage> }>;
  newBrowserCDPSession(): Promise<{ send(method: string): Promise<{ processInfo: readonly { cpuTime: number }[] }> }>;
  close(): Promise<void>;
}

interface PlaywrightPage {
  on(event: 'response', listener: (answer: { status(): number; url(): string }) => void): void;
  goto(url: string, options: unknown): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  /** With a word of Patchright's alone: whether to stay apart from the page's own scripts. */
  evaluate(expression: string, argument: undefined, options: object, apart: false): Promise<unknown>;
}

export interface PlaywrightDrive {
  /** `playwright-core`, or one of its relatives. */
  readonly library: string;
  readonly window: Display | null;
  /** Whether it stays apart from the page's own scripts, and their fetch, where nobody tells it not to. Default false. */
  readonly apart?: boolean;
}

const PAGE_TIMEOUT = 10_000;

/** A browser of its own, the system's Chromium, closed at the end. Throws NotRun where either is missing. */
export async function driveByPlaywright(
  lab: Lab,
  tally: Tally,
  { library, window, apart = false }: PlaywrightDrive,
): Promise<void> {
  const url = findPackage(library);
  const { path } = await lab.chromium();
  const stop = tally.meter.start();
  // SAFETY: an optional library without a type of ours; the interfaces above are what its documentation says.
  const { chromium } = ((await import(url)) as Playwright).default;
  const browser = await chromium
    .launch({
      executablePath: path,
      headless: window === null,
      args: chromiumArguments(window),
      env: { ...process.env, ...window?.environment },
    })
    .catch((error: Error) => {
      throw new NotRun(`${library} did not start Chromium: ${error.message.split('\n')[0]}`);
    });
  try {
    const cpu = await clockOf(browser);
    tally.setup({ wall: stop().wall, cpu: await cpu() });
    await callFromPage(lab, tally, { cpu, open: () => openPage(browser, lab, apart) });
  } finally {
    await browser.close();
  }
}

async function openPage(browser: DrivenBrowser, lab: Lab, apart: boolean): Promise<DrivenPage> {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  let limited = false;
  page.on('response', (answer) => {
    limited ||= answer.status() === 429 && answer.url().endsWith('/enter');
  });
  const evaluate = (expression: string): Promise<unknown> =>
    apart ? page.evaluate(expression, undefined, {}, false) : page.evaluate(expression);
  const opened = page.goto(lab.target.origin + lab.page, { waitUntil: 'load', timeout: PAGE_TIMEOUT });
  const answer = await opened.catch(() => null);
  const scripted = await evaluate(`document.querySelector('script[src*="/s."]') !== null`).catch(() => false);
  // The browser is its own: the page goes with it.
  const close = async (): Promise<void> => undefined;
  if (answer !== null && scripted === true) return { page: { evaluate }, limited: () => limited, close };
  throw new NotRun(`${lab.page} is not a page with the gate’s script; --page names another`);
}

/** By Chromium's own account. */
async function clockOf(browser: DrivenBrowser): Promise<BrowserClock> {
  const session = await browser.newBrowserCDPSession();
  return async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, one) => sum + one.cpuTime, 0);
  };
}
