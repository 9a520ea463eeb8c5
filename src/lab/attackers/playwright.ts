import { kindOf } from '../answer.ts';
import { inStretches } from '../attempts.ts';
import { chromiumArguments } from '../browser.ts';
import { addSpend, type Spend } from '../cost.ts';
import type { Attacker, Lab } from '../lab.ts';
import { MINTS_SPENT, NotRun } from '../not-run.ts';
import { findPackage } from '../optional.ts';
import { callInPage, type Evaluator } from '../page-calls.ts';
import type { Tally } from '../tally.ts';

/** The part of playwright-core that is used. It is a CommonJS module. */
interface Playwright {
  readonly default: { readonly chromium: { launch(options: unknown): Promise<Driven> } };
}

interface Driven {
  newContext(options: unknown): Promise<{ newPage(): Promise<DrivenPage> }>;
  newBrowserCDPSession(): Promise<{ send(method: string): Promise<{ processInfo: readonly { cpuTime: number }[] }> }>;
  close(): Promise<void>;
}

interface DrivenPage extends Evaluator {
  on(event: 'response', listener: (answer: { status(): number; url(): string }) => void): void;
  goto(url: string, options: unknown): Promise<unknown>;
}

const PAGE_TIMEOUT = 10_000;

/** The page in a browser that the other common library drives. */
export const playwright: Attacker = {
  name: 'playwright',
  group: 'doors',
  title: 'Playwright, headless',
  how: 'playwright-core drives the system’s Chromium without a window: it opens the page, and calls are made by fetch inside it. CPU is that of all its processes.',
  possible: 'A browser that Playwright drives gets in',
  async run(lab, tally) {
    const library = findPackage('playwright-core');
    const { path } = await lab.chromium();
    const stop = tally.meter.start();
    // SAFETY: an optional library without a type of ours; the interfaces above are what its documentation says.
    const { chromium } = ((await import(library)) as Playwright).default;
    const browser = await chromium.launch({ executablePath: path, args: chromiumArguments(false) });
    try {
      const cpu = await cpuOf(browser);
      const { page, limited } = await openByPlaywright(browser, lab);
      const first = await callInPage(page, lab, 1);
      tally.setup(addSpend(stop(), { wall: 0, cpu: await cpu() }));
      if (limited()) throw new NotRun(MINTS_SPENT);
      for (const answer of first) tally.add(kindOf(answer));
      await callAll(page, lab, tally, cpu);
    } finally {
      await browser.close();
    }
  },
};

async function openByPlaywright(browser: Driven, lab: Lab): Promise<{ page: DrivenPage; limited(): boolean }> {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  let limited = false;
  page.on('response', (answer) => {
    limited ||= answer.status() === 429 && answer.url().endsWith('/enter');
  });
  const opened = page.goto(lab.target.origin + lab.page, { waitUntil: 'load', timeout: PAGE_TIMEOUT });
  const answer = await opened.catch(() => null);
  const scripted = await page.evaluate(`document.querySelector('script[src*="/s."]') !== null`).catch(() => false);
  if (answer !== null && scripted === true) return { page, limited: () => limited };
  throw new NotRun(`${lab.page} is not a page with the gate’s script; --page names another`);
}

const callAll = (page: Evaluator, lab: Lab, tally: Tally, cpu: () => Promise<number>): Promise<void> =>
  inStretches(lab, tally, lab.calls - 1, async (_from, calls) => {
    const before = await cpu();
    const calling = tally.meter.start();
    const answers = await callInPage(page, lab, calls);
    const own: Spend = calling();
    for (const answer of answers) tally.add(kindOf(answer));
    return addSpend(own, { wall: 0, cpu: (await cpu()) - before });
  });

/** Seconds of CPU of all the browser's processes since launch, by Chromium's own account. */
async function cpuOf(browser: Driven): Promise<() => Promise<number>> {
  const session = await browser.newBrowserCDPSession();
  return async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, one) => sum + one.cpuTime, 0);
  };
}
