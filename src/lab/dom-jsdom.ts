import { webcrypto } from 'node:crypto';
import type { DomOrder, DomWindow } from './dom-child.ts';
import { createJar } from './jar.ts';

/** The part of jsdom that is used. It is a CommonJS module. */
interface Jsdom {
  readonly default: { readonly JSDOM: new (html: string, options: unknown) => { readonly window: JsdomWindow } };
}

type JsdomWindow = DomWindow & { addEventListener(type: 'load', listener: () => void): void };

/** What jsdom 31 lacks of a page's platform, or has in a kind that Node's fetch does not take. */
const PATCHES = { Response, Headers, AbortController, AbortSignal, TextEncoder, TextDecoder, ReadableStream };

/** The page in jsdom, its scripts run. `onAnswer` sees every answer that they get. */
export async function openJsdom(order: DomOrder, onAnswer: (answer: Response) => void): Promise<DomWindow> {
  // Loopback only (target.ts), in a process of its own: the certificate of one's own gate need not be trusted here.
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  // SAFETY: an optional library without a type of ours; the interface above is what its documentation says.
  const { JSDOM } = ((await import(order.library)) as Jsdom).default;
  const { Request: PageRequest, fetch: pageFetch } = patchedFetch(order, onAnswer);
  const html = await fetch(order.page, { headers: { ...order.navigation, Cookie: order.cookies } });
  const { window } = new JSDOM(await html.text(), {
    url: order.page,
    runScripts: 'dangerously',
    resources: 'usable',
    pretendToBeVisual: true,
    beforeParse(page: object) {
      Object.assign(page, PATCHES, { Request: PageRequest, fetch: pageFetch });
      Object.defineProperty(page, 'crypto', { value: webcrypto });
    },
  });
  await new Promise<void>((resolve) => window.addEventListener('load', resolve));
  return window;
}

/** Node's fetch as a page of this origin would use it: with its cookies, and saying what a browser says. */
function patchedFetch({ page, cookies }: DomOrder, onAnswer: (answer: Response) => void) {
  const { origin } = new URL(page);
  const jar = createJar();
  jar.takeValue(cookies);
  class PageRequest extends Request {
    constructor(input: string | URL | Request, init?: RequestInit) {
      super(input instanceof Request ? input : new URL(String(input), page), init);
    }
  }
  const pageFetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new PageRequest(input, init);
    const headers = new Headers(request.headers);
    const said = { Origin: origin, Referer: page, 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' };
    for (const [name, value] of Object.entries(said)) headers.set(name, value);
    if (jar.value() !== '') headers.set('Cookie', jar.value());
    const answer = await fetch(new Request(request, { headers }));
    jar.take(answer.headers.getSetCookie().flatMap((value) => ['set-cookie', value]));
    onAnswer(answer);
    return answer;
  };
  return { Request: PageRequest, fetch: pageFetch };
}
