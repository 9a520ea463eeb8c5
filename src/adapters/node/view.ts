import { NO_BODY } from '../../guard/view.ts';
import type { BodySource, GuardHeaders, RequestView } from '../../guard/view.ts';
import { bySpelling } from '../../lib/spellings.ts';
import { foldPath } from '../../wire/fold.ts';
import { IncomingBody } from './body.ts';
import { clientCertificateOf } from './client-certificate.ts';
import type { Incoming, Outgoing } from './message.ts';

/**
 * One pass over the raw field lines. Node's own joined `headers` object is not used: it drops some repeated
 * fields silently, and which value wins must be ours to say.
 */
export function toView(request: Incoming, response: Outgoing | null): RequestView {
  const target = request.url ?? '';
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const { headers, repeated } = readFields(request.rawHeaders);
  return {
    method: request.method ?? '',
    target,
    path,
    query: mark === -1 ? '' : target.slice(mark),
    folded: foldPath(path),
    secure: 'encrypted' in request.socket,
    authority: headers.host.toLowerCase(),
    peer: request.socket.remoteAddress ?? '',
    clientCertificate: clientCertificateOf(request.socket),
    fields: request.rawHeaders,
    headers,
    repeated,
    body: bodyOf(request, response, headers),
    waiter: response,
    sealed: '',
  };
}

/** A request as it was written down elsewhere. */
export interface WrittenRequest {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  readonly peer: string;
  /** Null for none. */
  readonly body: Uint8Array | null;
}

/** The view of a request that nobody is making: for judging what was written down. */
export function toWrittenView({ method, target, fields, peer, body }: WrittenRequest): RequestView {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const { headers, repeated } = readFields(fields);
  return {
    method,
    target,
    path,
    query: mark === -1 ? '' : target.slice(mark),
    folded: foldPath(path),
    secure: true,
    authority: headers.host.toLowerCase(),
    peer,
    clientCertificate: '',
    fields,
    headers,
    repeated,
    body:
      body === null ? NO_BODY : { length: body.length, collect: async (limit) => (body.length > limit ? null : body) },
    waiter: null,
    sealed: '',
  };
}

/** The view of a request that could not be read: for the record of its refusal. */
export function toViewOfNothing(peer: string): RequestView {
  return {
    method: '',
    target: '',
    path: '',
    query: '',
    folded: '/',
    secure: false,
    authority: '',
    peer,
    clientCertificate: '',
    fields: NONE,
    headers: emptyHeaders(),
    repeated: NONE,
    body: NO_BODY,
    waiter: null,
    sealed: '',
  };
}

function bodyOf(request: Incoming, response: Outgoing | null, headers: GuardHeaders): BodySource {
  const expects = headers.expect !== '' && !isInvited(response);
  if (headers.transferEncoding !== '') return new IncomingBody(request, response, -1, expects);
  if (headers.contentLength === '') {
    return request.unannounced === true ? new IncomingBody(request, response, -1, expects) : NO_BODY;
  }
  const length = Number(headers.contentLength);
  return length > 0 ? new IncomingBody(request, response, length, expects) : NO_BODY;
}

/**
 * Whether the client has been told to go on: a server whose owner does not listen for `checkContinue`, as the gate does, says
 * so by itself before anybody sees the request. Node notes it in this one place; where that is not, a second one does no harm.
 */
const isInvited = (response: Outgoing | null): boolean =>
  response !== null && '_sent100' in response && response._sent100 === true;

const SLOTS: Readonly<Record<keyof GuardHeaders, string>> = {
  origin: 'origin',
  referer: 'referer',
  cookie: 'cookie',
  authorization: 'authorization',
  accept: 'accept',
  contentType: 'content-type',
  contentLength: 'content-length',
  contentEncoding: 'content-encoding',
  transferEncoding: 'transfer-encoding',
  contentDigest: 'content-digest',
  sallyportDigest: 'sallyport-digest',
  signature: 'signature',
  signatureInput: 'signature-input',
  secFetchSite: 'sec-fetch-site',
  secFetchMode: 'sec-fetch-mode',
  secFetchDest: 'sec-fetch-dest',
  secPurpose: 'sec-purpose',
  secWebsocketProtocol: 'sec-websocket-protocol',
  upgrade: 'upgrade',
  xRequestedWith: 'x-requested-with',
  xForwardedFor: 'x-forwarded-for',
  xForwardedProto: 'x-forwarded-proto',
  xForwardedHost: 'x-forwarded-host',
  forwarded: 'forwarded',
  userAgent: 'user-agent',
  acceptLanguage: 'accept-language',
  secChUa: 'sec-ch-ua',
  range: 'range',
  accessControlRequestMethod: 'access-control-request-method',
  accessControlRequestHeaders: 'access-control-request-headers',
  expect: 'expect',
  sallyportTestPass: 'sallyport-test-pass',
  sallyportChallenge: 'sallyport-challenge',
  saveData: 'save-data',
  host: 'host',
};

interface Slot {
  readonly key: keyof GuardHeaders;
  readonly name: string;
  /** Which of the two words of seen fields it has its bit in: 32 are not enough for all. */
  readonly word: 0 | 1;
  readonly bit: number;
}

const slotByName = new Map<string, Slot>();
for (const [index, key] of (Object.keys(SLOTS) as (keyof GuardHeaders)[]).entries()) {
  slotByName.set(SLOTS[key], { key, name: SLOTS[key], word: index < 31 ? 0 : 1, bit: 1 << (index % 31) });
}

const slotOf = bySpelling((spelling) => slotByName.get(spelling.toLowerCase()) ?? null);

const NONE: readonly string[] = Object.freeze([]);

function readFields(raw: readonly string[]): { headers: GuardHeaders; repeated: readonly string[] } {
  const headers = emptyHeaders();
  let repeated: string[] | null = null;
  let seen = 0;
  let seenBeyond = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const slot = slotOf(raw[i] ?? '');
    if (slot === null) continue;
    if (((slot.word === 0 ? seen : seenBeyond) & slot.bit) === 0) {
      if (slot.word === 0) seen |= slot.bit;
      else seenBeyond |= slot.bit;
      headers[slot.key] = raw[i + 1] ?? '';
    } else if (repeated === null) {
      repeated = [slot.name];
    } else if (!repeated.includes(slot.name)) {
      repeated.push(slot.name);
    }
  }
  return { headers, repeated: repeated ?? NONE };
}

/** A literal, so that every request's record has the same shape. */
function emptyHeaders(): GuardHeaders {
  return {
    origin: '',
    referer: '',
    cookie: '',
    authorization: '',
    accept: '',
    contentType: '',
    contentLength: '',
    contentEncoding: '',
    transferEncoding: '',
    contentDigest: '',
    sallyportDigest: '',
    signature: '',
    signatureInput: '',
    secFetchSite: '',
    secFetchMode: '',
    secFetchDest: '',
    secPurpose: '',
    secWebsocketProtocol: '',
    upgrade: '',
    xRequestedWith: '',
    xForwardedFor: '',
    xForwardedProto: '',
    xForwardedHost: '',
    forwarded: '',
    userAgent: '',
    acceptLanguage: '',
    secChUa: '',
    range: '',
    accessControlRequestMethod: '',
    accessControlRequestHeaders: '',
    expect: '',
    sallyportTestPass: '',
    sallyportChallenge: '',
    saveData: '',
    host: '',
  };
}
