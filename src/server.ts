import { createSigner, type OwnKey, type SignableRequest, type Signer } from './keys/signer.ts';

export type { OwnKey } from './keys/signer.ts';

export interface ServerFetchOptions {
  /**
   * The key of this server: as `sallyport keys issue` showed it, or the id and private half of a pair of one's own.
   * From the environment, never from the bundle of a page.
   */
  readonly key: string | OwnKey;
  /** Origin of the gate: `https://app.example`, `http://gate:4000`. */
  readonly gate: string;
  /** Names of further fields that routes list under `signed`, in their order. Default none. */
  readonly signed?: readonly string[];
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** What browsers say of a page's request: of the visitor's, not of this server's. */
const OF_PAGES = /^(?:origin|referer|signature|signature-input|content-digest|sec-.*|x-forwarded-.*|forwarded|host)$/;
/** Says what a body is, which a redirect may have taken away. */
const OF_BODIES = /^content-/;
const MAX_REDIRECTS = 5;
/** Bodies are held in memory until they are signed. */
const MAX_BODY = 64 * 1024 * 1024;

/**
 * `fetch` for a server that renders pages or does other work behind the gate: requests to the gate carry this server's key,
 * all others are handed on as they are. Takes relative URLs, which mean the gate. Signatures are made anew for redirects
 * within the gate, and go nowhere else. Answers stream.
 *
 * Throws TypeError for a key or an origin that is none.
 */
export function createServerFetch(options: ServerFetchOptions): typeof fetch {
  const gate = toOrigin(options.gate);
  const signer = createSigner(options.key);
  const native = options.fetch ?? fetch;
  const now = options.now ?? Date.now;
  const { signed = [] } = options;
  // How far the gate's clock is ahead of ours, as it told with a refusal.
  let ahead = 0;

  const send = async (call: Call): Promise<Response> => {
    const headers = keyed(signer, call, signed, now() + ahead);
    const { method, signal, body } = call;
    return native(call.url, { method, headers, body: body.length === 0 ? null : body, signal, redirect: 'manual' });
  };

  const signedFetch = async (call: Call, left: number, mode: Request['redirect']): Promise<Response> => {
    let response = await send(call);
    const told = await clockOf(response);
    if (told !== null) {
      ahead = told - now();
      await response.body?.cancel();
      response = await send(call);
    }
    const location = response.headers.get('location');
    if (mode === 'manual' || location === null || !REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    if (mode === 'error' || left === 0) throw new TypeError('fetch failed: redirected');
    const next = new URL(location, call.url);
    // Nothing of the call goes to strangers: neither the key, nor cookies, nor what was sent.
    if (next.origin !== gate) return native(next, { signal: call.signal, redirect: 'follow' });
    return signedFetch(redirected(call, response.status, next), left - 1, mode);
  };

  return async (input, init) => {
    const resolved = typeof input === 'string' ? new URL(input, gate) : input;
    const target = resolved instanceof URL ? resolved : new URL(resolved.url);
    if (target.origin !== gate) return native(input, init);
    const request = new Request(resolved, init);
    const body = await readBody(request);
    const { method, signal, redirect } = request;
    const headers = [...request.headers].filter(([name]) => !OF_PAGES.test(name));
    return signedFetch({ method, url: target, headers, body, signal }, MAX_REDIRECTS, redirect);
  };
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function toOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new TypeError('gate: write an origin, as in https://app.example');
  }
  return url.origin;
}

function keyed(signer: Signer, call: Call, signed: readonly string[], now: number): Headers {
  const headers = new Headers(call.headers.map(([name, value]) => [name, value]));
  const authorization = headers.get('authorization') ?? '';
  if (signer.kind === 'bearer') {
    if (authorization !== '') {
      throw new TypeError('a bearer key takes the place of Authorization; use a signing key (keys issue --ed25519)');
    }
    headers.set('authorization', signer.authorization);
    return headers;
  }
  const { url, method, body } = call;
  const request: SignableRequest = {
    method,
    authority: url.host,
    path: url.pathname,
    query: url.search,
    contentType: headers.get('content-type') ?? '',
    authorization,
    body,
    signed: signed.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
  };
  for (const [name, value] of signer.fields(request, now)) headers.set(name, value);
  return headers;
}

/** The gate's time, where it refused for ours; null otherwise. */
async function clockOf(response: Response): Promise<number | null> {
  const { status, headers } = response;
  const problem = headers.get('content-type') === 'application/problem+json';
  if (status !== 403 || !problem || headers.get('sallyport-decision') === null) return null;
  const told: unknown = await response.clone().json();
  const time = Date.parse(headers.get('date') ?? '');
  const isClock = typeof told === 'object' && told !== null && 'code' in told && told.code === 'clock';
  return isClock && !Number.isNaN(time) ? time : null;
}

/** As browsers follow redirects (Fetch §4.4): 303, and POST under 301 and 302, become GET. */
function redirected(call: Call, status: number, url: URL): Call {
  const becomesGet =
    (status === 303 && call.method !== 'GET' && call.method !== 'HEAD') ||
    ((status === 301 || status === 302) && call.method === 'POST');
  if (!becomesGet) return { ...call, url };
  const headers = call.headers.filter(([name]) => !OF_BODIES.test(name));
  return { ...call, url, headers, method: 'GET', body: new Uint8Array(0) };
}

async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body) {
    size += part.length;
    if (size > MAX_BODY) throw new TypeError('a body that is signed holds at most 64 MiB; send it with a bearer key');
    parts.push(part);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
