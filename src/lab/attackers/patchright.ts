import { driveByPlaywright } from '../drive-playwright.ts';
import type { Attacker } from '../lab.ts';
import { RUN_BROWSER } from '../steps.ts';

/** A Playwright that hides that it drives: it leaves out what pages and services look for. */
export const patchright: Attacker = {
  name: 'patchright',
  group: 'doors',
  title: 'Patchright',
  how: 'patchright-core, a Playwright that is changed to leave no trace in the page, drives the system’s Chromium without a window. Otherwise as Playwright.',
  steps: [...RUN_BROWSER, 'a program that drives it by patchright-core', 'its releases, taken up as browsers change'],
  possible: 'A browser that Patchright drives gets in',
  run: (lab, tally) => driveByPlaywright(lab, tally, { library: 'patchright-core', window: null, apart: true }),
};
