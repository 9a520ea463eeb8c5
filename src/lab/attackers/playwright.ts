import { noteWindow } from '../drive.ts';
import { driveByPlaywright } from '../drive-playwright.ts';
import type { Attacker } from '../lab.ts';
import { RUN_BROWSER } from '../steps.ts';

const DRIVEN = 'a program that drives it by playwright-core';

/** The page in a browser that the other common library drives. */
export const playwright: Attacker = {
  name: 'playwright',
  group: 'doors',
  title: 'Playwright, headless',
  how: 'playwright-core drives the system’s Chromium without a window: it opens the page, and calls are made by fetch inside it. CPU is that of all its processes.',
  steps: [...RUN_BROWSER, DRIVEN],
  possible: 'A browser that Playwright drives gets in',
  run: (lab, tally) => driveByPlaywright(lab, tally, { library: 'playwright-core', window: null }),
};

/** The same with a window. */
export const windowedPlaywright: Attacker = {
  name: 'playwright-window',
  group: 'doors',
  title: 'Playwright, with a window',
  how: 'playwright-core drives the system’s Chromium with a window. Where there is no display, Xvfb draws it; without Xvfb it is drawn nowhere. Otherwise as without a window.',
  steps: [...RUN_BROWSER, DRIVEN, 'a display for its window, or one that is drawn in memory'],
  possible: 'A browser with a window that Playwright drives gets in',
  async run(lab, tally) {
    await noteWindow(lab, tally);
    await driveByPlaywright(lab, tally, { library: 'playwright-core', window: await lab.display() });
  },
};
