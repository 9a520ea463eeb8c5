import { type Context, targetOf } from '../context.ts';

/**
 * Images and media that the parser asked for before the second door had opened. On a first visit they
 * came without a session and were refused; with the session there is now, each is asked for once more.
 */

type Element = HTMLImageElement | HTMLMediaElement;

/** How often a door that stays shut is looked at, and how many times: milliseconds. */
const PAUSE = 1000;
const LOOKS = 30;

/** Never rejects. */
export async function mendMedia(context: Context): Promise<void> {
  const { door, platform } = context;
  for (let looks = 0; !(await door.ready()); looks++) {
    if (looks === LOOKS) return;
    await new Promise<void>((done) => void platform.later(done, PAUSE));
  }
  /** Still loading what was asked for before the entry, and from where. */
  const loading = new WeakMap<Element, string>();
  const asked = new WeakSet<Element>();
  const mend = (element: Element, address: string) => {
    loading.delete(element);
    asked.add(element);
    // Where the browser knows that the answer was no refusal, there is nothing to mend.
    if (/^(?:403|0|undefined)$/.test(`${statusOf(address)}`)) askAgain(element);
  };
  const look = (loaded: boolean) => {
    for (const element of document.querySelectorAll<Element>('img,video,audio')) {
      const address = addressOf(element);
      // While a page loads, Chromium may answer from what it has: the refusal.
      if (asked.has(element) && !(loaded && statusOf(address) === 403)) continue;
      if (!address || !targetOf(context, 'GET', address)?.route.carriers?.includes('media')) continue;
      if (hasFailed(element)) mend(element, address);
      else if (isLoading(element)) loading.set(element, address);
    }
  };
  document.addEventListener(
    'error',
    ({ target }) => {
      const element = target instanceof HTMLSourceElement ? target.parentElement : target;
      if (!isElement(element)) return;
      const address = loading.get(element);
      // Of several sources the last has to fail before the element has; that is known a moment after the event.
      platform.later(() => {
        if (address && address === addressOf(element) && hasFailed(element)) mend(element, address);
      }, 0);
    },
    true,
  );
  // What the browser fetched ahead of its parser was asked for before the entry too.
  look(false);
  if (document.readyState === 'loading')
    document.addEventListener('DOMContentLoaded', () => look(false), { once: true });
  if (document.readyState !== 'complete')
    self.addEventListener('load', () => void platform.later(() => look(true), 0), { once: true });
}

function isElement(target: unknown): target is Element {
  return target instanceof HTMLImageElement || target instanceof HTMLMediaElement;
}

/** Where the element loads from: '' where nowhere. */
function addressOf(element: Element): string {
  return element.currentSrc || element.src || element.querySelector('source')?.src || '';
}

function hasFailed(element: Element): boolean {
  if (element instanceof HTMLImageElement) return element.complete && !element.naturalWidth;
  return !!element.error || element.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
}

function isLoading(element: Element): boolean {
  return element instanceof HTMLImageElement ? !element.complete : !element.readyState;
}

/** Status of the last answer; 0 or undefined where the browser does not tell. */
function statusOf(address: string): unknown {
  return Reflect.get(Object(performance.getEntriesByName(address).at(-1)), 'responseStatus');
}

function askAgain(element: Element): void {
  if (element instanceof HTMLMediaElement) {
    element.load();
    return;
  }
  // Setting an address loads it, the same one too; without one the image chooses anew from its other attributes.
  const address = element.getAttribute('src');
  element.setAttribute('src', address ?? '');
  if (address === null) element.removeAttribute('src');
}
