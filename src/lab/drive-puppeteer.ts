import type { Page } from 'puppeteer-core';
import type { Chromium } from './browser.ts';
import { callFromPage, type Drive, type DrivenPage } from './drive.ts';
import type { Lab } from './lab.ts';
import { openPage } from './page-calls.ts';
import type { Tally } from './tally.ts';

/** A browser of its own, by Puppeteer or one of its relatives, closed at the end. */
export async function driveNew(lab: Lab, tally: Tally, options: Parameters<Lab['browser']>[0]): Promise<void> {
  const chromium = await lab.browser(options);
  try {
    await drivePage(lab, tally, chromium);
  } finally {
    await chromium.close();
  }
}

export interface PageDrive extends Pick<Drive, 'calls'> {
  /** What is done with the page before each call. */
  beforeCall?(page: Page): NonNullable<DrivenPage['beforeCall']>;
}

/** A page of its own in this browser. */
export async function drivePage(lab: Lab, tally: Tally, chromium: Chromium, more: PageDrive = {}): Promise<void> {
  const { beforeCall, calls = lab.calls } = more;
  tally.setup(chromium.launch);
  const open = async (): Promise<DrivenPage> => {
    const { page, limited } = await openPage(lab, chromium);
    const close = (): Promise<void> => page.browserContext().close();
    return { page, limited, close, ...(beforeCall === undefined ? {} : { beforeCall: beforeCall(page) }) };
  };
  await callFromPage(lab, tally, { cpu: chromium.cpu, open, calls });
}
