import { type Context, type Target, targetOf } from './context.ts';

/**
 * EventSource and WebSocket: the page gets an object at once, which is `instanceof` the native class and holds its
 * state in plain members; a part loaded on demand makes the connection and keeps those members true.
 */

/** Covers both. */
export function wrapStreams(context: Context): void {
  cover<EventSource>(
    context,
    'EventSource',
    ['open', 'message', 'error'],
    { withCredentials: false },
    async (target, facade, init) => (await context.chunks('events')).connectEvents(context, target, facade, init),
  );
  const native = self.WebSocket;
  const send = () => {
    throw new DOMException('Not open yet', 'InvalidStateError');
  };
  const fields = { protocol: '', extensions: '', bufferedAmount: 0, binaryType: 'blob', send };
  cover<WebSocket>(
    context,
    'WebSocket',
    ['open', 'message', 'error', 'close'],
    fields,
    async (target, facade, protocols) =>
      (await context.chunks('socket')).connectSocket(context, target, facade, protocols, native),
  );
}

/** An object whose members may be written by whoever keeps them true. */
export type Facade<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

function cover<Shape extends EventTarget & { readonly url: string }>(
  context: Context,
  name: string,
  events: readonly string[],
  fields: object,
  connect: (target: Target, facade: Facade<Shape>, extra: unknown) => Promise<void>,
): void {
  const native: unknown = Reflect.get(self, name);
  if (typeof native !== 'function') return;
  const make = (prototype: object, [address, extra]: unknown[]): object | null => {
    const target = targetOf(context, 'GET', address);
    // What the browser would not take, it complains of itself.
    if (!target || ('send' in fields && !areProtocols([extra ?? []].flat()))) return null;
    const href = target.url.href;
    const url = 'send' in fields ? href.replace('http', 'ws').replace(/#.*/, '') : href;
    const facade = Object.setPrototypeOf(new EventTarget(), prototype);
    const state = (key: string, value: unknown) =>
      Object.defineProperty(facade, key, { value, writable: true, enumerable: true, configurable: true });
    const close = () => {
      facade.readyState = 2;
    };
    for (const [key, value] of Object.entries({ ...fields, url, readyState: 0, close })) state(key, value);
    for (const type of events) {
      state(`on${type}`, null);
      facade.addEventListener(type, (event: Event) => facade[`on${type}`]?.call?.(facade, event));
    }
    connect(target, facade, extra).catch(() => {
      facade.readyState = events.length - 1;
      for (const type of ['error', 'close']) facade.dispatchEvent(new Event(type));
    });
    return facade;
  };
  const proxy: unknown = new Proxy(native, {
    // A subclass of the app's keeps its own prototype.
    construct: (target, args, newTarget) =>
      make(newTarget.prototype, args) ?? Reflect.construct(target, args, newTarget),
  });
  Reflect.set(self, name, proxy);
  Reflect.set(native.prototype, 'constructor', proxy);
}

/** Distinct tokens (RFC 6455 §4.1). */
function areProtocols(names: readonly unknown[]): boolean {
  return names.every((name, index) => /^[!#-'*+\-.^-z|~\d]+$/.test(`${name}`) && names.indexOf(name) === index);
}
