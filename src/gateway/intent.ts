import type { RequestView } from '../guard/view.ts';

/**
 * What an answer to this request would be used as:
 *
 * - `document`: parsed as a page;
 * - `script`: run as a worker;
 * - `kept`: put into a cache by a prefetch or a service worker, perhaps to be shown as a page later;
 * - `other`: read by code, or shown as part of a page. Fragments fetched by a page are this: nothing may be added.
 *
 * It decides what is added to the answer, never what is admitted: a program that lies here gets a script tag.
 */
export type Intent = 'document' | 'script' | 'kept' | 'other';

const DOCUMENTS: ReadonlySet<string> = new Set(['document', 'iframe', 'frame', 'embed', 'object', 'fencedframe']);
const WORKERS: ReadonlySet<string> = new Set(['worker', 'sharedworker', 'serviceworker']);

export function intentOf(view: RequestView): Intent {
  const { secFetchDest: destination, secFetchMode: mode } = view.headers;
  if (view.headers.upgrade !== '') return 'other';
  if (destination === '' && mode === '') return withoutMetadata(view);
  if (DOCUMENTS.has(destination) || mode === 'navigate' || isPassedOn(view)) return 'document';
  // Modules that a worker imports have its destination too, but not its mode: only the first one is prepared.
  if (WORKERS.has(destination)) return mode === 'cors' ? 'other' : 'script';
  return destination === 'empty' && view.method === 'GET' && isKept(view) ? 'kept' : 'other';
}

/** Plain HTTP, and browsers before 2023, say nothing of the destination. */
function withoutMetadata(view: RequestView): Intent {
  if (view.headers.xRequestedWith !== '') return 'other';
  return view.headers.accept.toLowerCase().includes('text/html') ? 'document' : 'other';
}

/**
 * A navigation that a service worker passes on by `fetch(event.request)`: Chromium keeps its mode, Firefox keeps only
 * what it accepts, which begins with HTML as no call's does by itself (measured, Chromium 156 and Firefox 153).
 */
function isPassedOn(view: RequestView): boolean {
  const { secFetchDest, secFetchMode, accept } = view.headers;
  return (
    secFetchDest === 'empty' && secFetchMode === 'same-origin' && accept.startsWith('text/html,application/xhtml+xml')
  );
}

/** Prefetches say so; what a service worker fetches for its cache is referred by the worker's script. */
function isKept(view: RequestView): boolean {
  if (view.headers.secPurpose.includes('prefetch')) return true;
  return /^[^?#]*\.m?js(?:[?#]|$)/i.test(view.headers.referer);
}
