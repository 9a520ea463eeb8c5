import { createECDH, createHash, createHmac } from 'node:crypto';
import { fromBase64url, toBase64url } from '../lib/base64url.ts';
import { DEFAULT_MOUNT, LABEL, TAG } from '../wire/constants.ts';
import { formatContentDigest } from '../wire/digest.ts';
import { type EntryAnswer, expandInput, formatEntryRequest, parseEntryAnswer, transcript } from '../wire/entry.ts';
import {
  formatSignature,
  formatSignatureInput,
  formatSignatureParams,
  requiredComponents,
  signatureBase,
} from '../wire/signature.ts';
import { type AnswerKind, BACKEND, kindOf, mediaType, parseJson } from './answer.ts';
import { createJar, type Jar } from './jar.ts';
import { field, type RawAnswer, type RawRequest, type Sender } from './http.ts';
import { type Lab, NotRun } from './lab.ts';
import type { Target } from './target.ts';

/**
 * A full client of docs/protocol.md without a browser: what an attacker writes in an afternoon. It loads the page,
 * walks the doors and signs calls; it lies about its headers as a browser would tell them.
 */
export interface WireClient {
  readonly sender: Sender;
  /** Loads the page and enters. */
  open(): Promise<Opening>;
  /** A call as the page's script would send it, with the next counter. Needs an opened door. */
  sign(call: Call): RawRequest;
  /** {@link sign}, send. */
  call(call: Call): Promise<RawAnswer>;
  /** Headers of such a call without cookie and proof. */
  headers(): readonly string[];
  /** Value of its Cookie field; '' without cookies. */
  cookies(): string;
  /** Takes over the session cookies of another client. */
  takeCookies(other: WireClient): void;
}

/** What became of the doors. */
export interface Opening {
  readonly opened: boolean;
  /** '' when opened. */
  readonly why: string;
  /** Who kept them closed; meaningless when opened. */
  readonly kind: AnswerKind;
}

export interface Call {
  readonly method: string;
  /** Default: the lab's target. */
  readonly path?: string;
  readonly query?: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Signs with this key instead of the one agreed at entry. */
  readonly key?: Uint8Array;
}

/** What an entry left behind. */
interface Entered {
  readonly ticket: string;
  readonly authority: string;
  readonly key: Uint8Array;
  /** Server's clock minus ours, milliseconds. */
  readonly ahead: number;
  nonce: number;
}

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

export function createWireClient(target: Target, page: string, sender: Sender, clientName = 'default'): WireClient {
  const jar = createJar();
  let entered: Entered | null = null;

  const browserFields = (extra: readonly string[]): string[] => [
    'Host',
    target.authority,
    'Connection',
    'keep-alive',
    'User-Agent',
    USER_AGENT,
    'Accept-Encoding',
    'identity',
    'Accept-Language',
    'en-US,en;q=0.9',
    ...extra,
  ];
  const callHeaders = (): string[] =>
    browserFields([
      'Accept',
      '*/*',
      'Referer',
      target.origin + page,
      'Sec-Fetch-Site',
      'same-origin',
      'Sec-Fetch-Mode',
      'cors',
      'Sec-Fetch-Dest',
      'empty',
    ]);

  async function send(request: RawRequest): Promise<RawAnswer> {
    const answer = await sender.send(request);
    jar.take(answer.fields);
    return answer;
  }

  function sign(call: Call): RawRequest {
    if (entered === null) throw new NotRun('the doors are not open');
    entered.nonce += 1;
    return signCall(call, target, entered, [...callHeaders(), ...jar.fields()]);
  }

  return {
    sender,
    async open() {
      const mount = await loadPage(page, browserFields, jar, send);
      const outcome = await enter(target, page, mount, clientName, browserFields, jar, send);
      if ('opened' in outcome) return outcome;
      entered = outcome;
      return { opened: true, why: '', kind: BACKEND };
    },
    sign,
    call: (call) => send(sign(call)),
    headers: callHeaders,
    cookies: () => jar.value(),
    takeCookies: (other) => jar.takeValue(other.cookies()),
  };
}

type Fields = (extra: readonly string[]) => string[];
type Send = (request: RawRequest) => Promise<RawAnswer>;

/** First door: a navigation. Answers the mount that the page's script tag names. */
async function loadPage(page: string, fields: Fields, jar: Jar, send: Send): Promise<string> {
  const navigation = [
    'Accept',
    'text/html,application/xhtml+xml',
    'Upgrade-Insecure-Requests',
    '1',
    'Sec-Fetch-Site',
    'none',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-User',
    '?1',
    'Sec-Fetch-Dest',
    'document',
  ];
  const answer = await send({
    method: 'GET',
    target: page,
    fields: [...fields(navigation), ...jar.fields()],
    body: null,
  });
  const tag = /<script[^>]*\ssrc="([^"]*)\/s\.[0-9a-f]{16}\.js"/.exec(Buffer.from(answer.body).toString('utf8'));
  return tag?.[1] ?? DEFAULT_MOUNT;
}

/** Second door. Answers what is needed to sign, or why it stayed closed. */
async function enter(
  target: Target,
  page: string,
  mount: string,
  client: string,
  fields: Fields,
  jar: Jar,
  send: Send,
): Promise<Entered | Opening> {
  const ecdh = createECDH('prime256v1');
  const pageKey = ecdh.generateKeys();
  const body = Buffer.from(formatEntryRequest(client, toBase64url(pageKey)));
  const head = [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(body.length),
    'Accept',
    '*/*',
    'Origin',
    target.origin,
    'X-Requested-With',
    'sallyport',
    'Referer',
    target.origin + page,
    'Sec-Fetch-Site',
    'same-origin',
    'Sec-Fetch-Mode',
    'cors',
    'Sec-Fetch-Dest',
    'empty',
  ];
  const request = (): RawRequest => ({
    method: 'POST',
    target: `${mount}/enter`,
    fields: [...fields(head), ...jar.fields()],
    body,
  });
  let answer = await send(request());
  let kind = kindOf(answer);
  // The page came from a cache or had no stamp: the refusal carries one (docs/protocol.md, first door).
  if (kind.by === 'gate' && kind.code === 'stamp') {
    answer = await send(request());
    kind = kindOf(answer);
  }
  if (kind.by === 'gate') return { opened: false, why: `entry was refused with code ${kind.code}`, kind };
  const entry =
    answer.status === 200 && mediaType(answer.fields) === 'application/json'
      ? parseEntryAnswer(parseJson(answer.body))
      : null;
  const keys = entry === null ? null : agree(entry, ecdh, pageKey, target.origin, client);
  if (keys !== null) return keys;
  const why = answer.failed || (entry === null ? `status ${answer.status}` : 'an answer that does not read');
  return { opened: false, why: `no entry at ${mount}/enter (${why})`, kind: { by: 'nobody', why } };
}

/** The key schedule: ECDH, HKDF-Extract with the transcript's hash as salt, HKDF-Expand for the proof's purpose. */
function agree(
  entry: EntryAnswer,
  ecdh: ReturnType<typeof createECDH>,
  pageKey: Uint8Array,
  origin: string,
  client: string,
): Entered | null {
  const serverKey = fromBase64url(entry.key);
  const ticketId = fromBase64url(entry.id);
  const random = fromBase64url(entry.random);
  if (serverKey === null || ticketId === null || random === null) return null;
  const seen = transcript({
    pageKey,
    serverKey,
    origin,
    authority: entry.authority,
    client,
    ticketId,
    expires: entry.expires,
    random,
  });
  const salt = createHash('sha256').update(seen).digest();
  const secret = createHmac('sha256', salt).update(ecdh.computeSecret(serverKey)).digest();
  const key = createHmac('sha256', secret).update(expandInput('proof')).digest();
  return { ticket: entry.ticket, authority: entry.authority, key, ahead: entry.time - Date.now(), nonce: 0 };
}

/** One proof over one call (RFC 9421, profile `sallyport-1`). */
function signCall(call: Call, target: Target, entered: Entered, fields: readonly string[]): RawRequest {
  const body = call.body ?? null;
  const contentType = call.contentType ?? '';
  const contentDigest = body === null ? '' : formatContentDigest(createHash('sha256').update(body).digest('base64'));
  const components = requiredComponents({
    contentType: contentType !== '',
    digest: contentDigest === '' ? '' : 'content-digest',
    authorization: false,
    signed: [],
  });
  const created = Math.floor((Date.now() + entered.ahead) / 1000);
  const proof = { components, created, nonce: entered.nonce, keyid: entered.ticket, tag: TAG } as const;
  const path = call.path ?? target.path;
  const query = call.query ?? target.query;
  const message = {
    method: call.method,
    authority: entered.authority,
    path,
    query,
    contentType,
    contentDigest,
    sallyportDigest: '',
    authorization: '',
    field: () => null,
  };
  const base = signatureBase(message, components, formatSignatureParams(proof)) ?? '';
  const signature = createHmac('sha256', call.key ?? entered.key)
    .update(base)
    .digest('base64');
  const own = ['Signature-Input', formatSignatureInput(proof), 'Signature', formatSignature(signature)];
  const content = body === null ? [] : ['Content-Length', String(body.length), 'Content-Digest', contentDigest];
  const typed = contentType === '' ? [] : ['Content-Type', contentType];
  // Pages send Origin with every method but GET and HEAD.
  const origin = call.method === 'GET' || call.method === 'HEAD' ? [] : ['Origin', target.origin];
  return {
    method: call.method,
    target: path + query,
    fields: [...fields, ...origin, ...typed, ...content, ...own],
    body,
  };
}

/** The honest client of the run, for attackers that copy from it. */
export function honestClient(lab: Lab): WireClient {
  if (lab.honest === null) throw new NotRun(`there is nothing to copy: ${lab.base.doors}`);
  return lab.honest;
}

/** Names of the fields that make a proof: what a copier of everything else leaves out. */
export const PROOF_FIELDS: ReadonlySet<string> = new Set([
  'signature',
  'signature-input',
  'content-digest',
  'sallyport-digest',
]);

/** Whether a request carries a proof of ours. */
export function isSigned(fields: readonly string[]): boolean {
  return field(fields, 'signature-input').includes(`${LABEL}=`);
}
