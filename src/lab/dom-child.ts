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
  readonly answers: readonly PageAnswer[];
  readonly setup: Spend;
  readonly spend: Spend;
}

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
  const none: Spend = { cpu: 0, wall: 0 };
  const opening = processMeter.start();
  try {
    let limited = false;
    const open = order.imitation === 'jsdom' ? openJsdom : openHappyDom;
    const window = await open(order, (answer) => {
      limited ||= answer.status === 429 && answer.url.endsWith('/enter');
    });
    if (window.document.querySelector('script[src*="/s."]') === null) {
      return { failed: 'the page does not carry the gate’s script', answers: [], setup: none, spend: none };
    }
    const call = (address: string, init: RequestInit) => window.fetch(address, init);
    const first = await runCallsWith(call, order.address, order.method, 1, order.seconds);
    if (limited) return { failed: MINTS_SPENT, answers: [], setup: none, spend: none };
    const setup = opening();
    const calling = processMeter.start();
    const rest = await runCallsWith(call, order.address, order.method, order.calls - 1, order.seconds - setup.wall);
    return { failed: '', answers: [...first, ...rest], setup, spend: calling() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { failed: `${order.imitation} did not run the page: ${why}`, answers: [], setup: none, spend: none };
  }
}
