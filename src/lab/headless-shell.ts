import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isExecutable } from './browser.ts';
import { NotRun } from './not-run.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where systems keep it, and where the tools that fetch browsers put it, newest last. */
const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/lib/chromium/chromium-headless-shell'];
const NAMES = '{headless_shell,chrome-headless-shell}{,.exe}';

/**
 * Path of Chromium's headless shell, the old headless browser that is a program of its own now. Throws {@link NotRun} with the line that fetches
 * it where there is none. `SALLYPORT_HEADLESS_SHELL` names one elsewhere.
 */
export function findHeadlessShell(environment: Environment = process.env, home = homedir()): string {
  const named = environment['SALLYPORT_HEADLESS_SHELL'] ?? '';
  const found = (named === '' ? [...PLACES, ...fetched(environment, home)] : [named]).findLast(isExecutable);
  if (found !== undefined) return found;
  throw new NotRun(
    'no chrome-headless-shell found (apt-get install chromium-headless-shell, npx playwright-core install chromium-headless-shell, or SALLYPORT_HEADLESS_SHELL names one)',
  );
}

/** In the folders of @puppeteer/browsers and of Playwright, as far as their documentation says where these are. */
function fetched(environment: Environment, home: string): string[] {
  const puppeteer = environment['PUPPETEER_CACHE_DIR'] ?? join(home, '.cache', 'puppeteer');
  const playwright = [
    environment['PLAYWRIGHT_BROWSERS_PATH'] ?? join(home, '.cache', 'ms-playwright'),
    join(home, 'Library', 'Caches', 'ms-playwright'),
    join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'ms-playwright'),
  ];
  return [
    ...under(puppeteer, `chrome-headless-shell/*/*/${NAMES}`),
    ...playwright.flatMap((folder) => under(folder, `chromium_headless_shell-*/*/${NAMES}`)),
  ];
}

/** Sorted by name, in which versions stand. */
const under = (folder: string, pattern: string): string[] =>
  globSync(pattern, { cwd: folder })
    .sort()
    .map((path) => join(folder, path));
