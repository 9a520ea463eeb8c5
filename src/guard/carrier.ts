import type { RouteConfig } from './config.ts';
import type { Carrier, Level } from './decision.ts';
import type { RequestView } from './view.ts';

/** Carriers whose requests cannot carry a proof; a route that lists one is at level `session` or below. */
export const UNSIGNED_CARRIERS: ReadonlySet<Carrier> = new Set<Carrier>(['media', 'form', 'navigation']);

/** A route that lists a carrier which cannot sign has the lower level for every request. */
export function levelOf(route: RouteConfig): Level {
  if (route.level !== undefined) return route.level;
  const lowers = (route.carriers ?? []).some((carrier) => UNSIGNED_CARRIERS.has(carrier));
  return lowers ? 'session' : 'proof';
}

/**
 * How a request is made, as its own fields tell. A program can claim any carrier, so the answer only ever narrows:
 * it is compared with what the route lists, and never chooses a level.
 */
export function carrierOf(request: RequestView): Carrier {
  const headers = request.headers;
  if (headers.upgrade !== '' && headers.upgrade.toLowerCase() === 'websocket') return 'socket';
  switch (headers.secFetchMode) {
    case 'navigate':
      return navigationKind(request.method);
    case 'websocket':
      return 'socket';
    case 'no-cors':
      return headers.secFetchDest === 'empty' ? beaconOrCall(request.method) : 'media';
    case 'cors':
    case 'same-origin':
      if (headers.secFetchDest !== 'empty' && headers.secFetchDest !== '') return 'media';
      return isStream(headers.accept) ? 'stream' : 'call';
    default:
      return withoutMetadata(request);
  }
}

/** Plain HTTP on a LAN and old browsers send no Fetch Metadata: Accept is then all there is. */
function withoutMetadata(request: RequestView): Carrier {
  const { accept, contentType, signatureInput, xRequestedWith } = request.headers;
  if (isStream(accept)) return 'stream';
  // Libraries that fetch fragments ask for HTML like a navigation, and set what no navigation can.
  if (signatureInput !== '' || xRequestedWith !== '') return 'call';
  if (accept.startsWith('text/html')) return navigationKind(request.method);
  if (accept.startsWith('image/') || accept.startsWith('audio/') || accept.startsWith('video/')) return 'media';
  return request.method === 'POST' && contentType.startsWith('text/ping') ? 'beacon' : 'call';
}

const navigationKind = (method: string): Carrier => (method === 'GET' || method === 'HEAD' ? 'navigation' : 'form');
const beaconOrCall = (method: string): Carrier => (method === 'POST' ? 'beacon' : 'call');
const isStream = (accept: string): boolean => accept.startsWith('text/event-stream');
