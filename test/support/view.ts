import { type GuardHeaders, NO_BODY, type RequestView } from '../../src/guard/view.ts';
import { foldPath } from '../../src/wire/fold.ts';

/** What a test says of a request; everything else is what a plain same-origin fetch would have. */
export interface Sketch {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Record<string, string>;
  readonly peer?: string;
  readonly clientCertificate?: string;
  readonly secure?: boolean;
  readonly repeated?: readonly string[];
  readonly body?: string;
}

const SLOTS: readonly (keyof GuardHeaders)[] = [
  'origin',
  'referer',
  'cookie',
  'authorization',
  'accept',
  'contentType',
  'contentLength',
  'contentEncoding',
  'transferEncoding',
  'contentDigest',
  'sallyportDigest',
  'signature',
  'signatureInput',
  'secFetchSite',
  'secFetchMode',
  'secFetchDest',
  'secPurpose',
  'secWebsocketProtocol',
  'upgrade',
  'xRequestedWith',
  'xForwardedFor',
  'xForwardedProto',
  'xForwardedHost',
  'forwarded',
  'userAgent',
  'acceptLanguage',
  'secChUa',
  'range',
  'accessControlRequestMethod',
  'accessControlRequestHeaders',
  'expect',
  'sallyportTestPass',
  'sallyportChallenge',
  'saveData',
  'host',
];

/** A request view without a server. Header names are lower case; Host defaults to localhost:4000. */
export function viewOf(sketch: Sketch = {}): RequestView {
  const { method = 'GET', target = '/api/posts', body } = sketch;
  const headers: Record<string, string> = { host: 'localhost:4000', ...sketch.headers };
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return {
    method,
    target,
    path,
    query: mark === -1 ? '' : target.slice(mark),
    folded: foldPath(path),
    secure: sketch.secure ?? false,
    authority: (headers['host'] ?? '').toLowerCase(),
    peer: sketch.peer ?? '127.0.0.1',
    clientCertificate: sketch.clientCertificate ?? '',
    fields: Object.entries(headers).flat(),
    headers: slots(headers),
    repeated: sketch.repeated ?? [],
    body: body === undefined ? NO_BODY : { length: Buffer.byteLength(body), collect: async () => Buffer.from(body) },
  };
}

function slots(headers: Record<string, string>): GuardHeaders {
  const nameOf = (slot: string): string => slot.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  // Every slot is filled, so the shape is complete.
  return Object.fromEntries(SLOTS.map((slot) => [slot, headers[nameOf(slot)] ?? ''])) as unknown as GuardHeaders;
}
