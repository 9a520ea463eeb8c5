import type { Spend } from './cost.ts';
import { processMeter } from './cost.ts';
import { MINTS_SPENT } from './not-run.ts';
import { type PageAnswer, runCallsWith } from './page-calls.ts';

/** A process of its own for code that comes from a page: happy-dom does not isolate what it runs. */

export interface DomOrder {
  /** URL of the module. */
  readonly happyDom: string;
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

/** The part of happy-dom that is used. */
interface HappyDom {
  Browser: new (options: unknown) => HappyBrowser;
}

interface HappyBrowser {
  newPage(): HappyPage;
  close(): Promise<void>;
}

interface HappyPage {
  readonly mainFrame: {
    readonly window: { fetch: typeof fetch; readonly document: { querySelector(selector: string): unknown } };
  };
  goto(url: string): Promise<unknown>;
}

/**
 * What an attacker patches within the hour: happy-dom 21 keeps no Secure cookies on loopback, sends no Origin with
 * requests to the own origin, asks for pages like a call, and has no `window.origin`.
 */
function settingsFor({ page, navigation, cookies }: DomOrder, onAnswer: (answer: Response) => void): object {
  const { origin } = new URL(page);
  const always = { Origin: origin, ...(cookies === '' ? {} : { Cookie: cookies }) };
  const exactly = new RegExp(`^${page.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
  return {
    enableJavaScriptEvaluation: true,
    suppressInsecureJavaScriptEnvironmentWarning: true,
    fetch: {
      disableStrictSSL: true,
      interceptor: { afterAsyncResponse: async ({ response }: { response: Response }) => onAnswer(response) },
      requestHeaders: [
        { url: exactly, headers: navigation },
        { url: /./, headers: always },
      ],
    },
    navigation: {
      beforeContentCallback: (window: { origin: string }) => {
        window.origin = origin;
      },
    },
  };
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
    // SAFETY: an optional library without a type of ours; the interface above is what its documentation says.
    const { Browser } = (await import(order.happyDom)) as HappyDom;
    let limited = false;
    const settings = settingsFor(order, (answer) => {
      limited ||= answer.status === 429 && answer.url.endsWith('/enter');
    });
    const page = new Browser({ settings }).newPage();
    await page.goto(order.page);
    const { window } = page.mainFrame;
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
    return { failed: `happy-dom did not run the page: ${why}`, answers: [], setup: none, spend: none };
  }
}
