import { concat } from '../../lib/bytes.ts';
import type { Context } from '../context.ts';
import type { Payload } from '../payload.ts';
import type { Use } from '../xhr.ts';
import { methodOf } from '../xhr-call.ts';

/**
 * An XMLHttpRequest whose call is sealed: the object never sends, a fetch does it in its place, and the object shows what
 * came of that, with the events that the app would have seen (XHR §4.5.6).
 */

/** What the object shows while this use of it lasts. */
interface Shown {
  readyState: number;
  response: Response | null;
  /** As far as it has come. */
  pieces: Uint8Array<ArrayBuffer>[];
  text: string;
  /** Made once: an app may compare objects. */
  made: unknown;
}

const NOTHING: Shown = { readyState: 1, response: null, pieces: [], text: '', made: undefined };

export async function sendSealed(
  context: Context,
  xhr: XMLHttpRequest,
  use: Use,
  payload: Payload | undefined,
  useOf: (xhr: unknown) => Use | undefined,
): Promise<void> {
  const abort = new AbortController();
  let shown: Shown = { ...NOTHING };
  const leave = () => {
    shown = { ...NOTHING, readyState: 4 };
    abort.abort();
  };
  for (const name of ['abort', 'timeout']) xhr.addEventListener(name, leave, { once: true });
  const stands = () => useOf(xhr) === use && use.phase === 'pending';
  // What an app opens anew is the browser's own again.
  cover(xhr, () => (useOf(xhr) === use ? shown : null));
  const state = (readyState: number) => {
    if (!stands()) return;
    shown.readyState = readyState;
    xhr.dispatchEvent(new Event('readystatechange'));
  };
  const fire = (at: EventTarget, type: string, loaded = 0, total = 0) =>
    stands() && at.dispatchEvent(new ProgressEvent(type, { loaded, total, lengthComputable: total > 0 }));
  const size = payload && (payload instanceof Blob ? payload.size : payload.byteLength);
  const uploaded = (...types: string[]) => {
    if (size) for (const type of types) fire(xhr.upload, type, size, size);
  };
  const over = (type: string, loaded = 0, total = 0) => {
    context.platform.forget(use.timer);
    state(4);
    fire(xhr, type, loaded, total);
    fire(xhr, 'loadend', loaded, total);
    for (const name of ['abort', 'timeout']) xhr.removeEventListener(name, leave);
    if (useOf(xhr) === use) use.phase = 'done';
  };

  fire(xhr, 'loadstart');
  uploaded('loadstart');
  try {
    const response = await context.call(use.target, requestOf(xhr, use, payload, abort.signal), payload);
    uploaded('progress', 'load', 'loadend');
    if (!stands()) return;
    shown.response = response;
    state(2);
    const loaded = await read(response, shown, (bytes) => {
      state(3);
      fire(xhr, 'progress', bytes, Number(response.headers.get('content-length')));
      return stands();
    });
    over('load', loaded, loaded);
  } catch {
    if (!stands()) return;
    shown = { ...NOTHING };
    uploaded('error', 'loadend');
    over('error');
  }
}

function requestOf(xhr: XMLHttpRequest, use: Use, payload: Payload | undefined, signal: AbortSignal): Request {
  const headers = new Headers(use.headers);
  if (use.type !== null) headers.set('content-type', use.type);
  return new Request(use.target.url, {
    method: methodOf(use),
    headers,
    signal,
    credentials: xhr.withCredentials ? 'include' : 'same-origin',
    ...(payload && { body: payload }),
  });
}

/** Answers how many bytes came. `took` says whether more is wanted. */
async function read(response: Response, shown: Shown, took: (bytes: number) => boolean): Promise<number> {
  const reader = response.body?.getReader();
  const charset = /charset=["']?([^"';\s]+)/i.exec(response.headers.get('content-type') ?? '')?.[1] ?? 'utf-8';
  const decoder = decoderOf(charset);
  let bytes = 0;
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) break;
    bytes += part.value.length;
    shown.pieces.push(part.value);
    shown.text += decoder.decode(part.value, { stream: true });
    if (!took(bytes)) {
      await reader?.cancel();
      break;
    }
  }
  shown.text += decoder.decode();
  return bytes;
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** The members that tell of an answer, as long as there is something to show in place of the browser's own. */
function cover(xhr: XMLHttpRequest, current: () => Shown | null): void {
  const { prototype } = XMLHttpRequest;
  const member = (name: keyof XMLHttpRequest, read: (shown: Shown) => unknown) =>
    Object.defineProperty(xhr, name, {
      configurable: true,
      get() {
        const shown = current();
        return shown ? read(shown) : Reflect.get(prototype, name, xhr);
      },
    });
  const header = (name: string) => (/^set-cookie2?$/i.test(name) ? null : current()?.response?.headers.get(name));
  member('readyState', ({ readyState }) => readyState);
  member('status', ({ response }) => response?.status ?? 0);
  member('statusText', ({ response }) => response?.statusText ?? '');
  member('responseURL', ({ response }) => response?.url ?? '');
  member('responseText', (shown) => {
    if (/^(?:text)?$/.test(xhr.responseType)) return shown.text;
    throw new DOMException('No text', 'InvalidStateError');
  });
  member('response', (shown) => (/^(?:text)?$/.test(xhr.responseType) ? shown.text : content(xhr.responseType, shown)));
  member('responseXML', (shown) => {
    const isXml = /[/+]xml/i.test(shown.response?.headers.get('content-type') ?? '');
    return xhr.responseType === 'document' || (!xhr.responseType && isXml) ? content('document', shown) : null;
  });
  member('getResponseHeader', ({ response }) =>
    response ? (name: string) => header(name) ?? null : prototype.getResponseHeader,
  );
  member(
    'getAllResponseHeaders',
    ({ response }) =>
      () =>
        [...(response?.headers ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join(''),
  );
}

/** Null until all of it has come. */
function content(type: XMLHttpRequestResponseType, shown: Shown): unknown {
  if (shown.readyState !== 4 || !shown.response) return null;
  shown.made ??= make(type, shown, shown.response.headers.get('content-type') ?? '');
  return shown.made;
}

function make(type: XMLHttpRequestResponseType, { pieces, text }: Shown, mime: string): unknown {
  try {
    if (type === 'json') return JSON.parse(text);
    if (type === 'document')
      return new DOMParser().parseFromString(text, /html/i.test(mime) ? 'text/html' : 'application/xml');
  } catch {
    return null;
  }
  return type === 'blob' ? new Blob(pieces, { type: mime }) : concat(...pieces).buffer;
}
