import type { Page } from 'puppeteer-core';
import { kindOf } from '../answer.ts';
import { inStretches } from '../attempts.ts';
import { type Chromium, hasDisplay } from '../browser.ts';
import { addSpend, type Spend } from '../cost.ts';
import type { Attacker, Lab } from '../lab.ts';
import { MINTS_SPENT, NotRun } from '../not-run.ts';
import { callInPage, openPage } from '../page-calls.ts';
import type { Tally } from '../tally.ts';

/** A browser without a window that opens the page and calls from inside it: the page's own keys sign. */
export const headlessBrowser: Attacker = {
  name: 'headless',
  group: 'doors',
  title: 'headless browser',
  how: 'Headless Chromium opens the page; calls are made by fetch inside it, one after another. CPU is that of all its processes.',
  possible: 'A headless browser that opens the page gets in',
  run: async (lab, tally) => callFrom(lab, tally, await lab.chromium()),
};

/** The same with a window, as testing tools drive people's browsers. */
export const windowedBrowser: Attacker = {
  name: 'automation',
  group: 'doors',
  title: 'real browser automation',
  how: 'Chromium as people run it, with a window, driven over its debugging protocol; where there is no display, the window is drawn nowhere. Otherwise as the headless browser.',
  possible: 'A driven browser with a window gets in',
  async run(lab, tally) {
    const chromium = await lab.windowed();
    if (!hasDisplay()) tally.note('there is no display here: its window was drawn nowhere');
    try {
      await callFrom(lab, tally, chromium);
    } finally {
      await chromium.close();
    }
  },
};

async function callFrom(lab: Lab, tally: Tally, chromium: Chromium): Promise<void> {
  tally.setup(chromium.launch);
  const opening = await meter(tally, chromium);
  const { page, limited } = await openPage(lab, chromium);
  const first = await callInPage(page, lab, 1);
  tally.setup(await opening());
  if (limited()) throw new NotRun(MINTS_SPENT);
  for (const answer of first) tally.add(kindOf(answer));
  await inStretches(lab, tally, lab.calls - 1, async (_from, calls) => {
    const calling = await meter(tally, chromium);
    const answers = await callInPage(page, lab, calls);
    const spend = await calling();
    for (const answer of answers) tally.add(kindOf(answer));
    return spend;
  });
  if (tally.admitted === 0)
    tally.note('the page’s own calls were refused: in this browser the app itself does not work');
  await closeContext(page);
}

/** Time of this process and of the browser's together. */
async function meter(tally: Tally, chromium: Chromium): Promise<() => Promise<Spend>> {
  const before = await chromium.cpu();
  const stop = tally.meter.start();
  return async () => {
    const own = stop();
    const after = await chromium.cpu();
    return addSpend(own, { wall: 0, cpu: before === null || after === null ? null : after - before });
  };
}

const closeContext = (page: Page): Promise<void> => page.browserContext().close();
