import puppeteer, { type Browser } from 'puppeteer-core';
import { kindOf } from '../answer.ts';
import { inStretches } from '../attempts.ts';
import type { Attacker, Lab } from '../lab.ts';
import { MINTS_SPENT, NotRun } from '../not-run.ts';
import { callInPage, type Evaluator, openPage } from '../page-calls.ts';
import type { Tally } from '../tally.ts';

/** Somebody's own browser, open at the app, with a debugging port that another program of the machine reaches. */
export const attach: Attacker = {
  name: 'attach',
  group: 'doors',
  title: 'attached to an open browser',
  how: 'A person has the page open in a Chromium whose debugging port is open; a program that knows the port, and nothing else, attaches to it and calls by fetch inside the person’s page. CPU is the program’s alone: the browser is the person’s.',
  steps: [
    'a person with the page open, whose browser has its debugging port open',
    'a program on that person’s machine',
    'the calls, written to run in the page',
  ],
  possible: 'A program on a person’s machine that reaches the debugging port of their browser gets in as that person',
  async run(lab, tally) {
    const chromium = await lab.chromium();
    const person = await openPage(lab, chromium);
    try {
      const [own] = await callInPage(person.page, lab, 1);
      if (person.limited()) throw new NotRun(MINTS_SPENT);
      if (own !== undefined && kindOf(own).by === 'backend') tally.honest();
      const stop = tally.meter.start();
      const browser = await puppeteer.connect({ browserURL: chromium.debugging, defaultViewport: null });
      const page = await pageOf(browser, lab);
      tally.setup(stop());
      await callFrom(page, lab, tally).finally(() => browser.disconnect());
    } finally {
      await person.page.browserContext().close();
    }
  },
};

/** The tab that has the app open: what a program looks for that has just come. */
async function pageOf(browser: Browser, lab: Lab): Promise<Evaluator> {
  const page = (await browser.pages()).findLast((one) => one.url().startsWith(`${lab.target.origin}/`));
  if (page !== undefined) return page;
  await browser.disconnect();
  throw new NotRun('the page that the person has open was not found by the debugging port');
}

const callFrom = (page: Evaluator, lab: Lab, tally: Tally): Promise<void> =>
  inStretches(lab, tally, lab.calls, async (_from, calls) => {
    const calling = tally.meter.start();
    const answers = await callInPage(page, lab, calls);
    const spend = calling();
    for (const answer of answers) tally.add(kindOf(answer));
    return spend;
  });
