import { driveNew } from '../drive-puppeteer.ts';
import { findHeadlessShell } from '../headless-shell.ts';
import type { Attacker } from '../lab.ts';
import { RUN_BROWSER } from '../steps.ts';

/** What most scrapers run on servers: smaller and quicker than the browser, and a little different from it. */
export const headlessShell: Attacker = {
  name: 'headless-shell',
  group: 'doors',
  title: 'headless shell',
  how: 'chrome-headless-shell, the old headless Chromium that is a program of its own now, driven by puppeteer-core. Otherwise as the headless browser.',
  steps: [...RUN_BROWSER, 'a program that drives it by puppeteer-core'],
  possible: 'A headless shell that opens the page gets in',
  run: (lab, tally) => driveNew(lab, tally, { path: findHeadlessShell(), shell: true }),
};
