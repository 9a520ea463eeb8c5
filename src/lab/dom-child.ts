import type { Spend } from './cost.ts';
import { processMeter } from './cost.ts';
import { openHappyDom } from './dom-happy.ts';
import { openJsdom } from './dom-jsdom.ts';
import { MINTS_SPENT } from './not-run.ts';
import { type PageAnswer, runCallsWith } from './page-calls.ts';

/** A process of its own for code that comes from a page: such libraries do not isolate what they run. */

export interface DomOrder {
  readonly imitation: 'happy-dom' | 'jsdom';
  /** URL of its module. */
  readonly library: string;
  readonly page: string;
  /** Headers to ask for the page with. */
  readonly navigation: Readonly<Record<string, string>>;
  /** Value of the Cookie field of every request; '' for none. */
  readonly cookies: string;
  readonly address: string;
  readonly method: string;
  readonly calls: number;
  readonly seconds: number;
}

export interface DomResult {
  /** Why no call was made; '' where calls were made. */
  readonly failed: string;
  /** Of the first call, which belongs to the set-up, */
  readonly first: readonly PageAnswer[];
  readonly setup: Spend;
  /** and of all others. */
  readonly stretches: readonly DomStretch[];
}

export interface DomStretch {
  readonly answers: readonly PageAnswer[];
  readonly spend: Spend;
}

/** Calls of one stretch, by which the price is measured. */
const STRETCH = 10;

/** What of an imitated page is used. */
export interface DomWindow {
  fetch: typeof fetch;
  readonly document: { querySelector(selector: string): unknown };
}

process.once('message', async (message) => {
  // SAFETY: our own parent sends one message, of this shape.
  const result = await run(message as DomOrder);
  process.send?.(result, () => process.exit(0));
});

async function run(order: DomOrder): Promise<DomResult> {
  const failed = (why: string): DomResult => ({
    failed: why,
    first: [],
    setup: { cpu: 0, wall: 0 },
    stretches: [],
  });
  const opening = processMeter.start();
  try {
    let limited = false;
    const open = order.imitation === 'jsdom' ? openJsdom : openHappyDom;
    const window = await open(order, (answer) => {
      limited ||= answer.status === 429 && answer.url.endsWith('/enter');
    });
    if (window.document.querySelector('script[src*="/s."]') === null) {
      return failed('the page does not carry the gate’s script');
    }
    const call = (address: string, init: RequestInit) => window.fetch(address, init);
    const first = await runCallsWith(call, order.address, order.method, 1, order.seconds);
    if (limited) return failed(MINTS_SPENT);
    const setup = opening();
    const end = performance.now() + (order.seconds - setup.wall) * 1000;
    const stretches: DomStretch[] = [];
    for (let left = order.calls - 1; left > 0 && performance.now() < end; left -= STRETCH) {
      const calling = processMeter.start();
      const seconds = (end - performance.now()) / 1000;
      const answers = await runCallsWith(call, order.address, order.method, Math.min(STRETCH, left), seconds);
      stretches.push({ answers, spend: calling() });
    }
    return { failed: '', first, setup, stretches };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed(`${order.imitation} did not run the page: ${why}`);
  }
}
