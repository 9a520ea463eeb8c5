import { concat } from '../../lib/bytes.ts';
import { purposeInfo } from '../../wire/entry.ts';
import {
  answerInfo,
  callData,
  callNonce,
  HEADER_SEALED,
  RECORD,
  RECORD_HEAD_BYTES,
  recordData,
  recordNonce,
  SEALED_FIELDS,
  SEALED_PATH,
  SEALED_RANDOM_BYTES,
  SEALED_TAG_BYTES,
  SEALED_TYPE,
} from '../../wire/sealed.ts';
import { formatSealedCall } from '../../wire/sealed-call.ts';
import type { PageRoute } from '../../wire/page-config.ts';
import { type Context, targetOf } from '../context.ts';
import type { Entry } from '../door.ts';

/** Sends a signed call sealed (docs/protocol.md §12): its method, address and body show nowhere outside the page. */

const AES = { name: 'AES-GCM', length: 256 };

const derive = ({ platform }: Context, { agreed, salt }: Entry, info: Uint8Array<ArrayBuffer>, use: KeyUsage) =>
  platform.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info }, agreed, AES, false, [use]);

/**
 * @param request as it would go out: signed
 *
 * Answers what `fetch` would have. Rejects as `fetch` does: aborted, no network, an answer that cannot be opened.
 */
export async function sealedFetch(
  context: Context,
  entry: Entry,
  request: Request,
  route: PageRoute,
): Promise<Response> {
  const { platform, gate, config } = context;
  const { url, signal, credentials, keepalive, referrer, referrerPolicy } = request;
  const { origin, pathname, search } = new URL(url);
  // What is asked of the gate itself is no endpoint of the app's.
  if (origin !== gate || pathname.startsWith(`${config.mount}/`)) return platform.fetch(request);
  // The browser would compare the seal with it.
  if (request.integrity) throw new TypeError('the integrity of a sealed answer cannot be checked');
  const headers = new Headers(request.headers);
  const fields: string[] = [];
  for (const name of SEALED_FIELDS) {
    const value = headers.get(name);
    if (value !== null) fields.push(name, value);
    headers.delete(name);
  }
  const body = new Uint8Array(await request.clone().arrayBuffer());
  const plain = formatSealedCall({ method: request.method, target: pathname + search, fields, body });
  context.seals ??= new WeakMap();
  const seal = context.seals.get(entry.agreed) ?? {
    key: derive(context, entry, purposeInfo('seal-up'), 'encrypt'),
    counter: 0,
  };
  context.seals.set(entry.agreed, seal);
  const counter = ++seal.counter;
  const shown = `${counter}.${entry.ticket}`;
  headers.set(HEADER_SEALED, shown);
  headers.set('content-type', SEALED_TYPE);
  if (!headers.has('x-requested-with')) headers.set('x-requested-with', 'sallyport');
  const algorithm = { name: 'AES-GCM', iv: callNonce(counter), additionalData: callData(shown) };
  const sealed = await platform.subtle.encrypt(algorithm, await seal.key, plain);
  // Whoever stops reading ends the call; a browser may go on reading a body that was only cancelled.
  const ending = new AbortController();
  const end = () => ending.abort(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const response = await platform.fetch(`${gate}${config.mount}${SEALED_PATH}`, {
    method: 'POST',
    headers,
    body: sealed,
    signal: ending.signal,
    credentials,
    keepalive,
    referrer,
    referrerPolicy,
    cache: 'no-store',
    redirect: 'error',
  });
  // A refusal of what is around the call, or somebody else's page.
  if (response.headers.get('content-type') !== SEALED_TYPE || !response.body) return response;
  const answer = await open(context, entry, { shown, request, ending }, response.body);
  return /^30[12378]$/.test(`${answer.status}`) ? redirected(context, request, answer, route) : answer;
}

const NOTHING = new Uint8Array(0);

/** Reads as many bytes as are asked for, however they arrive; fewer where they end before. */
function createReader(stream: ReadableStream<Uint8Array>): (length: number) => Promise<Uint8Array<ArrayBuffer>> {
  const source = stream.getReader();
  let pieces: Uint8Array[] = [];
  let held = 0;
  return async (length) => {
    while (held < length) {
      const { value } = await source.read();
      if (!value) break;
      pieces.push(value);
      held += value.length;
    }
    // Many records may come in one piece: it is not copied for each.
    const [first = NOTHING, second] = pieces;
    const all = second ? concat(...pieces) : first;
    pieces = [all.subarray(length)];
    held = Math.max(0, all.length - length);
    return new Uint8Array(all.subarray(0, length));
  };
}

/** What an answer answers. */
interface Sent {
  /** Value of the field that shows the call's ticket. */
  readonly shown: string;
  readonly request: Request;
  readonly ending: AbortController;
}

async function open(
  context: Context,
  entry: Entry,
  { shown, request, ending }: Sent,
  stream: ReadableStream<Uint8Array>,
): Promise<Response> {
  const { url, method, signal } = request;
  const read = createReader(stream);
  const key = await derive(context, entry, answerInfo(await read(SEALED_RANDOM_BYTES)), 'decrypt');
  let index = 0;
  const record = async () => {
    const head = await read(RECORD_HEAD_BYTES);
    if (head.length < RECORD_HEAD_BYTES) throw new TypeError('the answer broke off');
    const word = new DataView(head.buffer).getUint32(0);
    const sealed = await read((word & 0xffffff) + SEALED_TAG_BYTES);
    const algorithm = { name: 'AES-GCM', iv: recordNonce(index++), additionalData: recordData(shown, head) };
    return { kind: word >>> 24, bytes: await context.platform.subtle.decrypt(algorithm, key, sealed) };
  };
  const first = await record();
  if (first.kind !== RECORD.head) throw new TypeError('an answer without a head');
  const [status, ...list]: string[] = JSON.parse(new TextDecoder().decode(first.bytes));
  const headers = new Headers();
  for (let at = 0; at < list.length; at += 2) headers.append(`${list[at]}`, `${list[at + 1]}`);
  const none = method === 'HEAD' || /^(?:20[45]|304)$/.test(`${status}`);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { kind, bytes } = await record();
      if (kind === RECORD.body) return controller.enqueue(new Uint8Array(bytes));
      controller.close();
    },
    cancel: (reason) => ending.abort(reason),
  });
  const response = new Response(none ? null : decoded(body, headers), { status: Number(status), headers });
  for (const name of CONSUMING) {
    const native: unknown = Reflect.get(response, name);
    // Some browsers say of a body of one's own making only that it failed, whatever made it fail.
    const consume = async () => {
      try {
        return await Reflect.apply(native as () => Promise<unknown>, response, []);
      } catch (fault) {
        throw signal.aborted ? signal.reason : fault;
      }
    };
    if (typeof native === 'function') show(response, { [name]: consume });
  }
  return show(response, { url: url.replace(/#.*/, ''), type: new URL(url).origin === self.origin ? 'basic' : 'cors' });
}

const CONSUMING = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** What a Response of one's own making says of itself in place of where it came from. */
function show(response: Response, shown: Readonly<Record<string, unknown>>): Response {
  for (const [name, value] of Object.entries(shown)) Object.defineProperty(response, name, { value });
  return response;
}

/** Backends that compress whatever they are asked. */
function decoded(body: ReadableStream<Uint8Array<ArrayBuffer>>, headers: Headers): ReadableStream {
  const coding = headers.get('content-encoding');
  return coding === 'gzip' || coding === 'deflate' ? body.pipeThrough(new DecompressionStream(coding)) : body;
}

/** Redirects that browsers follow one after another (Fetch §4.4), and how many led to a call. */
const MOST_HOPS = 20;
const hops = new WeakMap<PageRoute, number>();

/** As browsers follow redirects (Fetch §4.4). */
async function redirected(context: Context, request: Request, answer: Response, route: PageRoute): Promise<Response> {
  const location = answer.headers.get('location');
  if (request.redirect === 'manual')
    return show(new Response(null), { type: 'opaqueredirect', status: 0, ok: false, url: answer.url });
  if (!location) return answer;
  const hop = (hops.get(route) ?? 0) + 1;
  if (request.redirect === 'error' || hop > MOST_HOPS) throw new TypeError('redirected');
  const url = new URL(location, request.url);
  // What an answer leads to is asked for, never read out of the address itself.
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('redirected');
  const { method, signal, credentials } = request;
  const becomesGet = answer.status === 303 ? method !== 'HEAD' : answer.status < 303 && method === 'POST';
  const headers = new Headers(request.headers);
  for (const name of SEALED_FIELDS) if (becomesGet || !name.startsWith('content-t')) headers.delete(name);
  if (url.origin !== context.gate) headers.delete('authorization');
  const body = becomesGet || /^(?:GET|HEAD)$/.test(method) ? null : await request.clone().arrayBuffer();
  const next = new Request(url, { method: becomesGet ? 'GET' : method, headers, body, signal, credentials });
  const target = targetOf(context, next.method, url);
  const onward = target && { url, route: { ...target.route } };
  if (onward) hops.set(onward.route, hop);
  const response = await (onward ? context.call(onward, next, body) : context.platform.fetch(next));
  return show(response, { redirected: true });
}
