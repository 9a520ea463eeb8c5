import { type Context, targetOf } from './context.ts';
import { wait } from './platform.ts';

/**
 * EventSource and WebSocket: the page gets an object at once, which is `instanceof` the native class and holds its
 * state in plain members; a part loaded on demand makes the connection and keeps those members true.
 */

/** Covers both. */
export function wrapStreams(context: Context): void {
  cover(context, 'EventSource', 'events', ['open', 'message', 'error'], { withCredentials: false });
  const send = () => {
    throw new DOMException('Not open yet', 'InvalidStateError');
  };
  const fields = { protocol: '', extensions: '', bufferedAmount: 0, binaryType: 'blob', send };
  cover(context, 'WebSocket', 'socket', ['open', 'message', 'error', 'close'], fields);
}

/** An object whose members may be written by whoever keeps them true. */
export type Facade<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

function cover(
  context: Context,
  name: string,
  part: 'events' | 'socket',
  events: readonly string[],
  fields: object,
): void {
  const native = Reflect.get(self, name);
  if (typeof native !== 'function') return;
  const socket = part === 'socket';
  const make = (prototype: object, [address, extra]: unknown[]): object | null => {
    const target = targetOf(context, 'GET', address);
    // What the browser would not take, it complains of itself.
    if (!target || (socket && !areProtocols([extra ?? []].flat()))) return null;
    const href = target.url.href;
    const url = socket ? href.replace('http', 'ws').replace(/#.*/, '') : href;
    const facade = Object(new EventTarget());
    const close = () => {
      facade.readyState = 2;
    };
    Object.assign(facade, { ...fields, url, readyState: 0, close });
    for (const type of events) {
      facade[`on${type}`] = null;
      facade.addEventListener(type, (event: Event) => facade[`on${type}`]?.call?.(facade, event));
    }
    // Not before its members stand: the native class lets nobody write most of them.
    Object.setPrototypeOf(facade, prototype);
    const connect = (): Promise<void> =>
      context
        .chunks(part)
        .then((loaded) => loaded.connect(context, target, facade, extra, native))
        .catch(async () => {
          // Its part did not come: a socket is over, and apps make the next one; a stream is tried again, as browsers do.
          if (socket) facade.readyState = 3;
          else if (facade.readyState) return;
          for (const type of ['error', 'close']) facade.dispatchEvent(new Event(type));
          await wait(context.platform, 3000);
          if (!facade.readyState) return connect();
        });
    void connect();
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
