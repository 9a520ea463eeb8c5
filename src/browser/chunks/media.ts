import { type Context, targetOf } from '../context.ts';

/**
 * Images, media and style sheets that the parser asked for before the second door had opened, and what sheets name. On
 * a first visit they came without a session and were refused; with the session there is now, each is asked for once more.
 */

type Element = HTMLImageElement | HTMLMediaElement;

/** How often a door that stays shut is looked at, and how many times: milliseconds. */
const PAUSE = 1000;
const LOOKS = 30;

/** Never rejects. */
export async function start(context: Context): Promise<void> {
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
    if (mayBeRefused(address)) askAgain(element);
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
  const loaded = () => {
    look(true);
    mendStyles((address) => !!targetOf(context, 'GET', address)?.route.carriers?.includes('media'));
  };
  if (document.readyState === 'complete') loaded();
  else self.addEventListener('load', () => void platform.later(loaded, 0), { once: true });
}

/** Sheets that were refused, and rules and elements that name something which was: as they stand, once more. */
function mendStyles(covers: (address: string) => boolean): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel~=stylesheet]')) {
    // Put where it stands, an element is read anew.
    if (covers(link.href) && mayBeRefused(link.href) && isMissing(link.sheet))
      link.parentNode?.insertBefore(link, link.nextSibling);
  }
  const named = performance.getEntriesByType('resource').some((entry) => {
    const { name, initiatorType } = entry as PerformanceResourceTiming;
    return initiatorType === 'css' && covers(name) && statusOf(name) === 403;
  });
  if (!named) return;
  for (const sheet of document.styleSheets) readRulesAgain(sheet);
  for (const { style } of document.querySelectorAll<HTMLElement>('[style*="url("]')) {
    for (const name of [...style]) {
      const value = style.getPropertyValue(name);
      if (!value.includes('url(')) continue;
      const priority = style.getPropertyPriority(name);
      style.removeProperty(name);
      style.setProperty(name, value, priority);
    }
  }
}

/** Of a sheet that was refused Firefox has none, and Chromium one that it shows to nobody. */
function isMissing(sheet: CSSStyleSheet | null): boolean {
  try {
    return !sheet?.cssRules.length;
  } catch {
    return true;
  }
}

/** A rule put in anew loads what it names. No policy has a say in that, as it would in a sheet's text. */
function readRulesAgain(sheet: CSSStyleSheet): void {
  try {
    for (const [index, { cssText }] of [...sheet.cssRules].entries()) {
      if (!cssText.includes('url(') || /^@(?:import|namespace)/.test(cssText)) continue;
      sheet.insertRule(cssText, index);
      sheet.deleteRule(index + 1);
    }
  } catch {
    // A sheet of another origin shows its rules to nobody.
  }
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

const mayBeRefused = (address: string): boolean => /^(?:403|0|undefined)$/.test(`${statusOf(address)}`);

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
