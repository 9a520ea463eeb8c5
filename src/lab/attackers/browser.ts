import { noteWindow } from '../drive.ts';
import { driveNew, drivePage } from '../drive-puppeteer.ts';
import type { Attacker } from '../lab.ts';
import { RUN_BROWSER } from '../steps.ts';

const DRIVEN = 'a program that drives it by puppeteer-core';

/** A browser without a window that opens the page and calls from inside it: the page's own keys sign. */
export const headlessBrowser: Attacker = {
  name: 'headless',
  group: 'doors',
  title: 'headless browser',
  how: 'Headless Chromium opens the page; calls are made by fetch inside it, one after another. CPU is that of all its processes.',
  steps: [...RUN_BROWSER, DRIVEN],
  possible: 'A headless browser that opens the page gets in',
  run: async (lab, tally) => drivePage(lab, tally, await lab.chromium()),
};

/** The same with a window, as testing tools drive people's browsers. */
export const windowedBrowser: Attacker = {
  name: 'automation',
  group: 'doors',
  title: 'real browser automation',
  how: 'Chromium as people run it, with a window, driven over its debugging protocol by puppeteer-core. Where there is no display, Xvfb draws the window; without Xvfb it is drawn nowhere. Otherwise as the headless browser.',
  steps: [...RUN_BROWSER, DRIVEN, 'a display for its window, or one that is drawn in memory'],
  possible: 'A driven browser with a window gets in',
  async run(lab, tally) {
    await noteWindow(lab, tally);
    await driveNew(lab, tally, { window: true });
  },
};
