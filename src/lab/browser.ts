import { accessSync, constants } from 'node:fs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { Display } from './display.ts';
import { NotRun } from './not-run.ts';
import type { Spend } from './cost.ts';

/** A running Chromium of the system, and what its processes have cost. */
export interface Chromium {
  readonly version: string;
  /** Path of its binary. */
  readonly path: string;
  /** Where its debugging port answers whoever knows the number: `http://127.0.0.1:9222`. */
  readonly debugging: string;
  /** CPU and wall time from launch to the first usable page. */
  readonly launch: Spend;
  /** A page in a profile of its own: no cookie of another page. */
  page(): Promise<Page>;
  /** Seconds of CPU of all its processes since launch; null where Chromium does not say. */
  cpu(): Promise<number | null>;
  close(): Promise<void>;
}

export interface ChromiumOptions {
  /** Path of the binary. Default: {@link findChromium}. */
  readonly path?: string;
  /** With a window, drawn there. Default null: none. */
  readonly window?: Display | null;
  /** Whether the binary is the headless shell, which knows no other way. Default false. */
  readonly shell?: boolean;
  /** What launches it. Default: puppeteer-core. */
  readonly launcher?: Launcher;
}

/** The part of Puppeteer that is used, which its relatives share. */
export type Launcher = Pick<typeof puppeteer, 'launch'>;

/** Where systems keep Chromium and its relatives, most open first. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Path of the system's Chromium; null where there is none. `CHROME_PATH` names one elsewhere. */
export function findChromium(environment: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const named = environment['CHROME_PATH'];
  return (named === undefined || named === '' ? PLACES : [named]).find(isExecutable) ?? null;
}

/** Quiet, and nothing leaves the machine: only the page under test is fetched. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export async function startChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const path = options.path ?? findChromium();
  if (path === null) throw new NotRun('no Chromium found on this system (CHROME_PATH names one elsewhere)');
  const { window = null, shell = false, launcher = puppeteer } = options;
  const started = performance.now();
  const browser = await launcher
    .launch({
      executablePath: path,
      headless: shell ? 'shell' : window === null,
      acceptInsecureCerts: true,
      args: chromiumArguments(window),
      env: { ...process.env, ...window?.environment },
    })
    .catch((error: Error) => {
      throw new NotRun(`Chromium did not start: ${error.message.split('\n')[0]}`);
    });
  const cpu = () => processesCpu(browser);
  return {
    version: await browser.version(),
    path,
    debugging: `http://${new URL(browser.wsEndpoint()).host}`,
    launch: { wall: (performance.now() - started) / 1e3, cpu: await cpu() },
    page: async () => (await browser.createBrowserContext()).newPage(),
    cpu,
    close: () => browser.close(),
  };
}

/** What Chromium is started with by the lab, whoever drives it. */
export function chromiumArguments(window: Display | null): string[] {
  // Chromium refuses its sandbox to root, where the sandbox would protect nobody from root anyway.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return [...root, ...ARGUMENTS, ...(window === null ? [] : PLATFORM[window.kind])];
}

/** How Chromium is told where to draw. */
const PLATFORM: Readonly<Record<Display['kind'], readonly string[]>> = {
  seen: [],
  virtual: ['--ozone-platform=x11'],
  none: ['--ozone-platform=headless'],
};

/** Chromium's own account of its processes, the same on every system (SystemInfo.getProcessInfo). */
async function processesCpu(browser: Browser): Promise<number | null> {
  const session = await browser.target().createCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, one) => sum + one.cpuTime, 0);
  } catch {
    return null;
  } finally {
    await session.detach();
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
