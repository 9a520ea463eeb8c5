import { type Context, type Target, targetOf, wrap } from './context.ts';
import type { Entry } from './door.ts';
import { digestOf, hasFiles, type Payload } from './payload.ts';
import { prove } from './proof.ts';
import { looksRefused } from './refusal.ts';

type FetchArgs = [input: RequestInfo | URL, init?: RequestInit];

/** Covers `fetch`. The app gets the browser's own Response, refusals too. */
export function wrapFetch(context: Context): void {
  wrap<FetchArgs, Promise<Response>>(self, 'fetch', (native, owner, args) => {
    const [input, init] = args;
    const asked: Partial<Request> | null = typeof input === 'object' && 'url' in input ? input : null;
    const target =
      asked?.mode === 'navigate'
        ? null
        : targetOf(context, init?.method ?? asked?.method ?? 'GET', asked?.url ?? input);
    if (!target) return native(owner, args);
    let request: Request;
    const form = hasFiles(init?.body) ? [...init.body] : undefined;
    try {
      request = new Request(input, form ? { ...init, body: null } : init);
    } catch {
      return native(owner, args);
    }
    const body = form ?? init?.body ?? asked;
    return (
      (context.hiding && context.sync?.keepaliveNow(context, target, request, body)) ||
      context.call(target, request, body)
    );
  });
}

/** Sends a request with a proof, and once more where a remedy asks for it. Rejects as soon as the app aborts. */
export function signedFetch(context: Context, target: Target, request: Request, body?: unknown): Promise<Response> {
  const { signal } = request;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    sign(context, target, request, body)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

async function sign(context: Context, target: Target, request: Request, body: unknown): Promise<Response> {
  const { door } = context;
  // What an app's own Request holds cannot be told: where policy wants no digest, it is passed on unread.
  const stream = target.route.body === 'unsigned' && (body instanceof ReadableStream || body instanceof Request);
  const payload = stream ? undefined : await payloadOf(context, request, body);
  // A service worker passes on what its page has signed: that proof is tried as it stands, and is nobody's here.
  const signed = /\bsallyport=/.test(request.headers.get('signature-input') ?? '');
  let used = signed ? null : await door.ready();
  for (let tries = signed ? 0 : 1; ; tries++) {
    const response = await attempt(context, target, request, payload, used);
    const mended = await mend(context, request.method, response, used, stream ? 9 : tries);
    if (!mended) return response;
    used = mended;
  }
}

/** What to sign with once more, where the response is a refusal that this may remove; the response stays readable. */
async function mend(
  context: Context,
  method: string,
  response: Response,
  used: Entry | null | undefined,
  tries: number,
): Promise<Entry | undefined> {
  const header = (name: string) => response.headers.get(name);
  if (!looksRefused(response.status, header)) return undefined;
  const text = await response.clone().text();
  return context.chunks('refused').then(
    (chunk) => chunk.mend(context, { text, header, method, used, tries }),
    () => undefined,
  );
}

/** `entry` is null for a request that is sent with the fields it has, undefined for one that goes without a proof. */
async function attempt(
  context: Context,
  { url, route }: Target,
  request: Request,
  payload: Payload | undefined,
  entry: Entry | null | undefined,
): Promise<Response> {
  const headers = new Headers(request.headers);
  const { method } = request;
  const { mark } = context.door;
  if (entry && route.level !== 'site') {
    const digest = payload && route.body !== 'unsigned' ? await digestOf(context, payload) : undefined;
    const header = (name: string) => headers.get(name);
    const fields = await prove(context.platform, context.door, entry, {
      method,
      url,
      header,
      digest,
      signed: route.signed,
    });
    for (const name in fields) headers.set(name, fields[name] ?? '');
  } else if (entry !== null && (mark[9] || !headers.has('x-requested-with'))) {
    headers.set('x-requested-with', mark);
  }
  const made = rebuild(request, headers, payload);
  return entry && (route.sealed ?? context.config.sealed)
    ? (await context.chunks('sealed')).sealedFetch(context, entry, made, route)
    : context.platform.fetch(made);
}

/** The same request with other headers. What a Request made from a Request forgets is named (Fetch §5.4). */
export function rebuild(request: Request, headers: Headers, body: BodyInit | undefined): Request {
  const { mode, referrer, referrerPolicy, keepalive } = request;
  return new Request(request, {
    headers,
    mode: mode === 'no-cors' ? 'cors' : mode,
    referrer,
    referrerPolicy,
    keepalive,
    ...(body && { body }),
  });
}

async function payloadOf(context: Context, request: Request, body: unknown): Promise<Payload | undefined> {
  if (Array.isArray(body)) {
    const { formPayload } = await context.chunks('body');
    return formPayload(request.headers, body);
  }
  if (body instanceof Blob && body.size > context.config.whole) return body;
  return /^(?:GET|HEAD)$/.test(request.method) ? undefined : request.arrayBuffer();
}
