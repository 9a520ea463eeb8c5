import type { XhrPart } from './chunks/xhr.ts';
import { type Context, type Target, targetOf, wrap } from './context.ts';
import { hasFiles } from './payload.ts';

/**
 * Covers XMLHttpRequest by its prototype, so that every library keeps the object it made; of the constructor only
 * the moment of making is used. Here stands what has to happen inside the app's own calls; what lies between its
 * `send` and the real one is loaded with the first use.
 */

/** One covered use of an object, from `open` to the next `open`. */
export interface Use {
  readonly target: Target;
  readonly openArgs: OpenArgs;
  readonly headers: [string, string][];
  /** Content-Type: held back until `send`, where it has to say what is really sent. */
  type: string | null;
  /**
   * `pending`: the app has called `send`, we have not; `held`: a refusal is kept from the app until it is dealt with, or
   * the app gave up while what tells it so was loading.
   */
  phase: 'opened' | 'pending' | 'sent' | 'held' | 'done';
  /** When the app called `send`, and the timeout that counts from there. */
  sentAt: number;
  timeout: number;
  timer: number;
}

type OpenArgs = [method: string, url: string | URL, async?: boolean, user?: string | null, password?: string | null];
export type XhrBody = Document | XMLHttpRequestBodyInit | null;

/** What the browser gave us, before it was covered. */
export interface XhrNatives {
  readonly open: XMLHttpRequest['open'];
  readonly send: XMLHttpRequest['send'];
  readonly setRequestHeader: XMLHttpRequest['setRequestHeader'];
}

const EVENTS = 'readystatechange loadstart progress load loadend error abort timeout'.split(' ');

export function wrapXhr(context: Context): void {
  if (!self.XMLHttpRequest) return;
  const { prototype } = XMLHttpRequest;
  const { open, send, setRequestHeader } = prototype;
  const natives: XhrNatives = { open, send, setRequestHeader };
  const uses = new WeakMap<object, Use>();
  const useOf = (owner: unknown) => uses.get(Object(owner));
  let loaded: XhrPart | undefined;
  const busy = () => new DOMException('Sent already', 'InvalidStateError');

  self.XMLHttpRequest = new Proxy(XMLHttpRequest, {
    construct(target, args, newTarget) {
      const xhr: XMLHttpRequest = Reflect.construct(target, args, newTarget);
      // First of all listeners: Chromium calls them in the order they were added, captured or not.
      for (const name of EVENTS) xhr.addEventListener(name, (event) => loaded?.watch(xhr, event));
      return xhr;
    },
  });
  prototype.constructor = self.XMLHttpRequest;

  wrap<OpenArgs, void>(prototype, 'open', (native, owner, args) => {
    const old = useOf(owner);
    // Before the native call: a synchronous request takes no timeout.
    if (old) loaded?.end(owner, old);
    native(owner, args);
    uses.delete(Object(owner));
    const target = targetOf(context, args[0], args[1]);
    if (!target) return loaded?.leave(owner);
    const use: Use = {
      target,
      openArgs: args,
      headers: [],
      type: null,
      phase: 'opened',
      sentAt: 0,
      timeout: 0,
      timer: 0,
    };
    uses.set(Object(owner), use);
  });

  wrap<[name: string, value: string], void>(prototype, 'setRequestHeader', (native, owner, args) => {
    const use = useOf(owner);
    if (!use) return native(owner, args);
    if (use.phase !== 'opened') throw busy();
    const name = `${args[0]}`.toLowerCase();
    const value = `${args[1]}`.trim();
    if (name !== 'content-type' || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      native(owner, args);
      use.headers.push([name, value]);
    } else use.type = use.type === null ? value : `${use.type}, ${value}`;
  });

  wrap<[body?: XhrBody], void>(prototype, 'send', (native, owner, args) => {
    const use = useOf(owner);
    if (!use || !(owner instanceof XMLHttpRequest) || (use.phase === 'opened' && owner.readyState !== 1))
      return native(owner, args);
    if (use.phase !== 'opened') throw busy();
    const body = /^(?:GET|HEAD)$/i.test(use.openArgs[0]) ? null : (args[0] ?? null);
    const plain = () => {
      use.phase = 'sent';
      if (use.type !== null) setRequestHeader.call(owner, 'content-type', use.type);
      native(owner, args);
    };
    if (use.openArgs.length > 2 && !use.openArgs[2]) {
      if (!context.sync) return plain();
      use.phase = 'sent';
      return context.sync.sendNow(context, natives, owner, use, body);
    }
    use.phase = 'pending';
    use.timeout = owner.timeout;
    use.sentAt = context.platform.now();
    // The app may change its body after `send`: whatever reads it begins now.
    const taken = hasFiles(body)
      ? [...body]
      : body === null || body instanceof Blob || isDocument(body)
        ? body
        : new Response(body);
    context.chunks('xhr').then(
      ({ createXhrPart }) => {
        loaded ??= createXhrPart(context, natives, useOf);
        loaded.begin(owner, use, taken);
      },
      // Without the part there is no proof, and the server decides. The app may have given up meanwhile.
      () => use.phase === 'pending' && useOf(owner) === use && plain(),
    );
  });

  wrap<[], void>(prototype, 'abort', (native, owner, args) => {
    const use = useOf(owner);
    if (use?.phase !== 'pending' && use?.phase !== 'held') native(owner, args);
    else if (loaded) loaded.finish(owner, use, 'abort');
    // The part is on its way: whatever becomes of it, nothing is sent.
    else use.phase = 'held';
  });
}

function isDocument(body: XhrBody): body is Document {
  return 'nodeType' in Object(body);
}
