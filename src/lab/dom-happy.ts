import type { DomOrder, DomWindow } from './dom-child.ts';

/** The part of happy-dom that is used. */
interface HappyDom {
  Browser: new (options: unknown) => HappyBrowser;
}

interface HappyBrowser {
  newPage(): HappyPage;
  close(): Promise<void>;
}

interface HappyPage {
  readonly mainFrame: { readonly window: DomWindow };
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

/** The page in happy-dom, its scripts run. `onAnswer` sees every answer that they get. */
export async function openHappyDom(order: DomOrder, onAnswer: (answer: Response) => void): Promise<DomWindow> {
  // SAFETY: an optional library without a type of ours; the interface above is what its documentation says.
  const { Browser } = (await import(order.library)) as HappyDom;
  const page = new Browser({ settings: settingsFor(order, onAnswer) }).newPage();
  await page.goto(order.page);
  return page.mainFrame.window;
}
