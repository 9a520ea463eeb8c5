import type { Launcher } from '../browser.ts';
import { driveByPlaywright } from '../drive-playwright.ts';
import { driveNew } from '../drive-puppeteer.ts';
import type { Attacker } from '../lab.ts';
import { findPackage } from '../optional.ts';
import { RUN_BROWSER } from '../steps.ts';

const UPKEEP = 'its releases, taken up as browsers change';

/** A Puppeteer that hides that it drives. */
export const rebrowserPuppeteer: Attacker = {
  name: 'rebrowser-puppeteer',
  group: 'doors',
  title: 'rebrowser’s Puppeteer',
  how: 'rebrowser-puppeteer-core, a Puppeteer that is patched against what gives drivers away, drives the system’s Chromium without a window. Otherwise as the headless browser.',
  steps: [...RUN_BROWSER, 'a program that drives it by rebrowser-puppeteer-core', UPKEEP],
  possible: 'A browser that rebrowser’s Puppeteer drives gets in',
  async run(lab, tally) {
    // SAFETY: an optional library without a type of ours; it is a Puppeteer but for its patches.
    const { default: launcher } = (await import(findPackage('rebrowser-puppeteer-core'))) as { default: Launcher };
    await driveNew(lab, tally, { launcher });
  },
};

/** The same of Playwright. */
export const rebrowserPlaywright: Attacker = {
  name: 'rebrowser-playwright',
  group: 'doors',
  title: 'rebrowser’s Playwright',
  how: 'rebrowser-playwright-core, a Playwright with the same patches, drives the system’s Chromium without a window. Otherwise as Playwright.',
  steps: [...RUN_BROWSER, 'a program that drives it by rebrowser-playwright-core', UPKEEP],
  possible: 'A browser that rebrowser’s Playwright drives gets in',
  run: (lab, tally) => driveByPlaywright(lab, tally, { library: 'rebrowser-playwright-core', window: null }),
};
