import { foldName, OVERRIDES } from '../guard/overrides.ts';
import { bySpelling } from '../lib/spellings.ts';
import { isForSharedCaches } from './cache-control.ts';

/**
 * Which header fields cross the gate, and which stop at it. One table each way, looked up by the spelling sent.
 */

export type RequestClass =
  /** crosses unchanged */
  | 'pass'
  /** ours, hop-by-hop, or a claim about the client's address that nobody listed may make */
  | 'drop'
  /** believed, and passed on, only when the peer is a listed proxy */
  | 'proxy'
  /** asks the backend to treat the request as another one */
  | 'override'
  | 'host'
  | 'connection'
  | 'cookie'
  | 'signature'
  | 'protocol'
  /** crosses unless it is a key of ours */
  | 'authorization';

/** Hop-by-hop fields (RFC 9110 §7.6.1) and those that node or undici write themselves. */
const HOP = new Set([
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);

/** Addresses that proxies of various makes report; without a listed proxy they are the client's own words. */
const ADDRESS = new Set([
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'x-original-forwarded-for',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'client-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'fly-client-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'cf-connecting-ipv6',
  'x-envoy-external-address',
]);

/** What says how a body is to be read. */
const OF_THE_BODY = new Set(['content-length', 'content-type', 'content-encoding', 'content-digest']);

function classifyRequest(folded: string, exact: string): RequestClass {
  if (folded.startsWith('sallyport-')) return 'drop';
  if (folded.startsWith('x-forwarded-') || folded === 'x-forwarded' || folded === 'forwarded') return 'drop';
  // CGI makes HTTP_PROXY of it, which some HTTP clients take for their own configuration (CVE-2016-5385).
  if (folded === 'proxy') return 'drop';
  if (OVERRIDES.has(folded)) return 'override';
  if (ADDRESS.has(folded)) return 'proxy';
  // `Transfer_Encoding` and `Content_Length` are names of their own here, and framing to whoever folds them; so is
  // `Content_Type`, which no proof covers.
  if (HOP.has(folded) || (OF_THE_BODY.has(folded) && exact !== folded)) return 'drop';
  if (exact === 'host') return 'host';
  if (exact === 'connection') return 'connection';
  if (exact === 'cookie') return 'cookie';
  if (exact === 'signature' || exact === 'signature-input') return 'signature';
  if (exact === 'sec-websocket-protocol') return 'protocol';
  if (exact === 'authorization') return 'authorization';
  return 'pass';
}

export type ResponseClass =
  | 'pass'
  | 'drop'
  | 'connection'
  | 'cors'
  | 'location'
  | 'cookie'
  | 'vary'
  | 'type'
  | 'cache'
  | 'shared-cache'
  | 'length'
  | 'date'
  | 'nosniff'
  | 'corp';

const RESPONSE: ReadonlyMap<string, ResponseClass> = new Map<string, ResponseClass>([
  ['connection', 'connection'],
  ['location', 'location'],
  ['content-location', 'location'],
  ['set-cookie', 'cookie'],
  ['vary', 'vary'],
  ['content-type', 'type'],
  ['cache-control', 'cache'],
  ['content-length', 'length'],
  ['date', 'date'],
  ['x-content-type-options', 'nosniff'],
  ['cross-origin-resource-policy', 'corp'],
]);

function classifyResponse(folded: string, exact: string): ResponseClass {
  if (folded.startsWith('sallyport-') || HOP.has(exact)) return 'drop';
  if (exact.startsWith('access-control-')) return 'cors';
  if (isForSharedCaches(exact)) return 'shared-cache';
  return RESPONSE.get(exact) ?? 'pass';
}

export const requestClass = bySpelling((name) => classifyRequest(foldName(name), name.toLowerCase()));
export const responseClass = bySpelling((name) => classifyResponse(foldName(name), name.toLowerCase()));
