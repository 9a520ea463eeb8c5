import type { Context } from '../context.ts';
import type { Entry } from '../door.ts';
import { digestOf, type Payload } from '../payload.ts';
import { prove } from '../proof.ts';
import { MOST_TRIES } from './refused.ts';
import { looksRefused } from '../refusal.ts';
import type { Use, XhrNatives } from '../xhr.ts';
import { headerOf, methodOf } from '../xhr-call.ts';

/**
 * Between the app's `send` and the real one lies the signature. The first refusal that a remedy fits is kept from
 * the app.
 */

const UPLOAD_EVENTS = ['loadstart', 'progress', 'load', 'loadend', 'error', 'abort', 'timeout'];

/** What is known of a use once its body is. */
interface Sending {
  readonly use: Use;
  readonly payload: Payload | undefined;
  readonly entry: Entry | undefined;
  /** How often the real request has gone out, this time included. */
  readonly tries: number;
}

/** A body as `send` left it: entries of a form with files, a Blob, a document, a copy of anything else, or none. */
type Taken = readonly [string, FormDataEntryValue][] | Blob | Document | Response | null;

/** `error`: the real request has ended, and its answer was lost. */
type Ending = 'abort' | 'timeout' | 'error';

export interface XhrPart {
  begin(xhr: XMLHttpRequest, use: Use, taken: Taken): void;
  /** Ends what has not really been sent, with the events the browser would fire (XHR §4.5.6). */
  finish(xhr: unknown, use: Use, type: Ending): void;
  /** Forgets a use whose object is opened again. */
  end(xhr: unknown, use: Use): void;
  /** Is told of an object opened for a call that is none of ours. */
  leave(xhr: unknown): void;
  /** Sees every event before the app does. */
  watch(xhr: XMLHttpRequest, event: Event): void;
}

export function createXhrPart(
  context: Context,
  natives: XhrNatives,
  useOf: (xhr: unknown) => Use | undefined,
): XhrPart {
  const { now, later, forget } = context.platform;
  const native = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'timeout');
  const sendings = new WeakMap<Use, Sending>();
  /** Uses whose upload the app has seen to its end. */
  const uploaded = new WeakSet<Use>();
  /** Uses whose refusal is read as text, though the app asked for a document. */
  const documents = new WeakSet<Use>();
  const hushes = new WeakMap<object, (event: Event) => void>();
  const waits = ({ phase }: Use) => phase === 'pending' || phase === 'held';
  coverTimeout();
  coverUpload();

  /** The app's timeout begins with its own `send`: the browser gets what is left of it. */
  function coverTimeout(): void {
    if (!native?.get || !native.set) return;
    Object.defineProperty(XMLHttpRequest.prototype, 'timeout', {
      ...native,
      get() {
        const use = useOf(this);
        return use?.sentAt ? use.timeout : native.get?.call(this);
      },
      set(value: number) {
        const use = useOf(this);
        if (!use?.sentAt) return native.set?.call(this, value);
        use.timeout = Number(value);
        if (waits(use)) setTimer(this, use);
        else native.set?.call(this, remaining(use));
      },
    });
  }

  /**
   * The app sees one upload, however often its body is sent. Listened to on first use alone: listeners make a request
   * to another origin one that needs a preflight (XHR §4.5.6).
   */
  function coverUpload(): void {
    const { prototype } = XMLHttpRequest;
    const upload = Object.getOwnPropertyDescriptor(prototype, 'upload');
    const get = upload?.get;
    if (!get) return;
    Object.defineProperty(prototype, 'upload', {
      ...upload,
      get() {
        const target = get.call(this);
        if (hushes.has(this) || (this.readyState && !useOf(this))) return target;
        const hush = (event: Event) => watchUpload(this, event);
        hushes.set(this, hush);
        for (const name of UPLOAD_EVENTS) target.addEventListener(name, hush);
        return target;
      },
    });
  }

  function watchUpload(xhr: unknown, event: Event): void {
    const use = useOf(xhr);
    const sending = use && sendings.get(use);
    if (!sending || !event.isTrusted) return;
    if (sending.tries < 2) {
      if (event.type === 'loadend') uploaded.add(use);
    } else if (event.type === 'loadstart' || uploaded.has(use)) event.stopImmediatePropagation();
  }

  function leave(xhr: unknown): void {
    const hush = xhr instanceof XMLHttpRequest && hushes.get(xhr);
    if (!hush) return;
    for (const name of UPLOAD_EVENTS) xhr.upload.removeEventListener(name, hush);
    hushes.delete(xhr);
  }

  function remaining({ timeout, sentAt }: Use): number {
    return timeout && Math.max(1, timeout - (now() - sentAt));
  }

  function setTimer(xhr: XMLHttpRequest, use: Use): void {
    forget(use.timer);
    if (use.timeout) use.timer = later(() => finish(xhr, use, 'timeout'), remaining(use));
  }

  function show(xhr: XMLHttpRequest, readyState: number): void {
    Object.defineProperty(xhr, 'readyState', { value: readyState, configurable: true });
  }

  /** A refusal is no document. */
  function showDocument(xhr: XMLHttpRequest, use: Use): void {
    if (!documents.has(use)) return;
    Object.defineProperty(xhr, 'responseType', { value: 'document', writable: true, configurable: true });
    Object.defineProperty(xhr, 'response', { value: null, configurable: true });
  }

  function end(xhr: unknown, use: Use): void {
    forget(use.timer);
    use.phase = 'done';
    if (!(xhr instanceof XMLHttpRequest)) return;
    for (const name of ['readyState', 'responseType', 'response']) Reflect.deleteProperty(xhr, name);
    if (use.timeout) native?.set?.call(xhr, use.timeout);
  }

  function finish(xhr: unknown, use: Use, type: Ending): void {
    if (!waits(use) || !(xhr instanceof XMLHttpRequest)) return;
    end(xhr, use);
    showDocument(xhr, use);
    show(xhr, 4);
    xhr.dispatchEvent(new Event('readystatechange'));
    for (const at of sendings.get(use)?.payload && type !== 'error' ? [xhr.upload, xhr] : [xhr]) {
      at.dispatchEvent(new ProgressEvent(type));
      at.dispatchEvent(new ProgressEvent('loadend'));
    }
    if (type === 'abort' && useOf(xhr) === use) show(xhr, 0);
  }

  function begin(xhr: XMLHttpRequest, use: Use, taken: Taken): void {
    // Opened anew, or given up, while this part was on its way.
    if (useOf(xhr) !== use || !waits(use)) return;
    setTimer(xhr, use);
    if (use.phase === 'held') finish(xhr, use, 'abort');
    // Where a further part does not come it is as if the network had failed.
    else send(xhr, use, taken).catch(() => finish(xhr, use, 'error'));
  }

  async function send(xhr: XMLHttpRequest, use: Use, taken: Taken): Promise<void> {
    const payload = await payloadOf(use, taken);
    const entry = await context.door.ready();
    if (!entry || !(use.target.route.sealed ?? context.config.sealed))
      return sign(xhr, { use, payload, entry, tries: 1 });
    const { sendSealed } = await context.chunks('sealed-xhr');
    if (waits(use)) await sendSealed(context, xhr, use, payload, useOf);
  }

  async function payloadOf(use: Use, taken: Taken): Promise<Payload | undefined> {
    if (!taken) return undefined;
    if ('nodeType' in taken) return payloadOf(use, serialise(taken));
    if (taken instanceof Response) {
      use.type ??= taken.headers.get('content-type');
      // Text goes out as UTF-8, whatever the app's Content-Type says (XHR §4.5.6).
      if (/^text\/plain;|xml|html/i.test(taken.headers.get('content-type') ?? '')) {
        use.type = use.type?.replace(/(;\s*charset=)(?!"?utf-8)("[^"]*"|[^;]*)/i, '$1UTF-8') ?? null;
      }
      return taken.arrayBuffer();
    }
    const blob = taken instanceof Blob ? taken : (await context.chunks('body')).serialiseForm(taken);
    use.type ??= blob.type || null;
    return blob;
  }

  async function sign(xhr: XMLHttpRequest, sending: Sending): Promise<void> {
    const { use, payload, entry } = sending;
    const { url, route } = use.target;
    const [method, header] = [methodOf(use), headerOf(use)];
    sendings.set(use, sending);
    const mark = context.door.mark;
    let fields: Record<string, string> =
      header('x-requested-with') === null || mark[9] ? { 'x-requested-with': mark } : {};
    if (entry && route.level !== 'site') {
      const digest = payload && route.body !== 'unsigned' ? await digestOf(context, payload) : undefined;
      fields = await prove(context.platform, context.door, entry, {
        method,
        url,
        header,
        digest,
        signed: route.signed,
      });
    }
    if (waits(use)) transmit(xhr, sending, fields);
  }

  /** The real `send`. */
  function transmit(xhr: XMLHttpRequest, { use, payload, tries }: Sending, fields: Record<string, string>): void {
    const { openArgs, headers, type } = use;
    forget(use.timer);
    if (tries > 1) {
      natives.open.call(xhr, openArgs[0], openArgs[1], true, openArgs[3], openArgs[4]);
      for (const [name, value] of headers) natives.setRequestHeader.call(xhr, name, value);
      if (documents.delete(use)) xhr.responseType = 'document';
      Reflect.deleteProperty(xhr, 'readyState');
    }
    if (type !== null) natives.setRequestHeader.call(xhr, 'content-type', type);
    for (const name in fields) natives.setRequestHeader.call(xhr, name, fields[name] ?? '');
    if (use.timeout) native?.set?.call(xhr, remaining(use));
    use.phase = 'sent';
    natives.send.call(xhr, payload ?? null);
  }

  function watch(xhr: XMLHttpRequest, event: Event): void {
    const use = useOf(xhr);
    const sending = use && sendings.get(use);
    if (!sending || !event.isTrusted) return;
    const { type } = event;
    const { tries } = sending;
    if (
      use.phase === 'sent' &&
      tries < MOST_TRIES &&
      type === 'readystatechange' &&
      xhr.readyState === 2 &&
      isRefused(xhr)
    ) {
      use.phase = 'held';
      if (xhr.responseType === 'document') {
        documents.add(use);
        xhr.responseType = '';
      }
    }
    if (use.phase === 'held') {
      // The connection broke within the refusal: that is the app's.
      if (/^(?:error|abort|timeout)$/.test(type)) use.phase = 'sent';
      else event.stopImmediatePropagation();
      if (type === 'loadend') void reconsider(xhr, sending);
      return;
    }
    // The app has seen the beginning of the first attempt.
    if (tries > 1 && type === 'loadstart') event.stopImmediatePropagation();
    if (type !== 'loadend' || use.phase !== 'sent') return;
    if (isRefused(xhr)) mend(xhr, sending, MOST_TRIES).catch(() => {});
    end(xhr, use);
  }

  function isRefused(xhr: XMLHttpRequest): boolean {
    return looksRefused(xhr.status, (name) => xhr.getResponseHeader(name));
  }

  async function mend(xhr: XMLHttpRequest, { use, entry }: Sending, tries: number): Promise<Entry | undefined> {
    const { responseType, response } = xhr;
    const header = (name: string) => xhr.getResponseHeader(name);
    const text =
      responseType === 'json'
        ? JSON.stringify(response)
        : await new Response(responseType === 'document' ? '' : response).text();
    const chunk = await context.chunks('refused');
    return chunk.mend(context, { text, header, method: methodOf(use), used: entry, tries });
  }

  /** The refusal is whole, and the app has not seen it. */
  async function reconsider(xhr: XMLHttpRequest, sending: Sending): Promise<void> {
    const { use, payload, tries } = sending;
    setTimer(xhr, use);
    const entry = await mend(xhr, sending, sending.tries).catch(lost);
    if (useOf(xhr) !== use || use.phase !== 'held') return;
    if (entry === null) {
      // Opened anew, it has no status and no answer.
      natives.open.call(xhr, use.openArgs[0], use.openArgs[1], true);
      return finish(xhr, use, 'error');
    }
    if (entry) {
      show(xhr, 1);
      return sign(xhr, { use, payload, entry, tries: tries + 1 });
    }
    end(xhr, use);
    showDocument(xhr, use);
    xhr.dispatchEvent(new Event('readystatechange'));
    for (const name of ['load', 'loadend']) xhr.dispatchEvent(new ProgressEvent(name));
  }

  return { begin, finish, end, leave, watch };
}

/** Null where the answer was lost; undefined where a part of the script was. */
const lost = (error: unknown): null | undefined => (error instanceof TypeError && error.cause ? null : undefined);

/** A document as XMLHttpRequest sends it, with its type. */
function serialise(page: Document): Response {
  const type = `${page.contentType === 'text/html' ? 'text/html' : 'application/xml'};charset=UTF-8`;
  return new Response(new XMLSerializer().serializeToString(page), { headers: { 'content-type': type } });
}
