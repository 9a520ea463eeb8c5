import { randomInt } from 'node:crypto';
import type { Page } from 'puppeteer-core';
import { drivePage } from '../drive-puppeteer.ts';
import type { Attacker } from '../lab.ts';
import { findPackage } from '../optional.ts';
import { RUN_BROWSER } from '../steps.ts';

/** The part of ghost-cursor that is used. It is a CommonJS module. */
interface GhostCursor {
  readonly default: { createCursor(page: Page): { moveTo(point: { x: number; y: number }): Promise<void> } };
}

/** Movements take time: fewer calls than in other rows. */
const CALLS = 15;
/** Size of the page's window, less a margin. */
const WIDTH = 780;
const HEIGHT = 580;

/** Where interactions are looked at, somebody makes them up. */
export const mouse: Attacker = {
  name: 'mouse',
  group: 'doors',
  title: 'browser with a made-up mouse',
  how: 'As the headless browser, by puppeteer-core; before each call ghost-cursor moves the pointer somewhere along a curve, as a hand would. It clicks nowhere.',
  steps: [
    ...RUN_BROWSER,
    'a program that drives it by puppeteer-core and ghost-cursor',
    'movements that go with what the page shows',
  ],
  possible: 'A driven browser whose pointer moves like a person’s gets in',
  async run(lab, tally) {
    // SAFETY: an optional library without a type of ours; the interface above is what its documentation says.
    const { createCursor } = ((await import(findPackage('ghost-cursor'))) as GhostCursor).default;
    await drivePage(lab, tally, await lab.chromium(), {
      calls: Math.min(CALLS, lab.calls),
      beforeCall(page) {
        const cursor = createCursor(page);
        return () => cursor.moveTo({ x: randomInt(20, WIDTH), y: randomInt(20, HEIGHT) });
      },
    });
  },
};
