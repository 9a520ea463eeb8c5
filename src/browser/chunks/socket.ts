import { TAG } from '../../wire/constants.ts';
import { addProof, proveCompact } from '../compact.ts';
import type { Context, Target } from '../context.ts';
import type { Entry } from '../door.ts';
import type { Facade } from '../facade.ts';

/** Connects a covered WebSocket when its proof is ready, and passes its events on. */

interface Link {
  readonly context: Context;
  /** As HTTP, without fragment: what is signed. */
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly facade: Facade<WebSocket>;
  readonly native: typeof WebSocket;
}

/** A backend whose sockets fail, and an app that keeps trying, must not cost an entry each time: milliseconds. */
const BETWEEN_ENTRIES = 30_000;
let nextEntry = 0;

/**
 * Runs one covered WebSocket. An attempt that fails before it opened is made once more behind a new entry: browsers
 * do not tell why an upgrade was refused.
 */
export async function connect(
  context: Context,
  target: Target,
  facade: Facade<WebSocket>,
  asked: unknown,
  native: typeof WebSocket,
): Promise<void> {
  const protocols = (asked === undefined ? [] : Array.isArray(asked) ? asked : [asked]).map(String);
  const url = new URL(target.url);
  url.hash = '';
  facade.close = (code) => {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code < 5000)) {
      throw new DOMException('The code must be 1000 or in the range 3000 to 4999.', 'InvalidAccessError');
    }
    // Seen when the attempt is next looked at.
    if (!facade.readyState) facade.readyState = 2;
  };
  const link = { context, url, protocols, facade, native };
  const entry = await context.door.ready();
  const now = context.platform.now();
  const quietly = !!entry && now >= nextEntry;
  if (!(await attempt(link, entry, quietly))) return;
  nextEntry = now + BETWEEN_ENTRIES;
  await attempt(link, await context.door.again(entry), false);
}

/** True where the attempt failed before it opened and nobody was told of it. */
async function attempt(link: Link, entry: Entry | undefined, quietly: boolean): Promise<boolean> {
  const { facade } = link;
  const { address, offered } = await prepare(link, entry);
  // The app may have closed it meanwhile: then nothing is sent at all.
  if (facade.readyState) return gone(facade);
  const inner = new link.native(address, offered);
  return new Promise((done) => {
    let shown = !quietly;
    if (shown) adopt(facade, inner);
    inner.addEventListener('open', () => {
      if (!shown && facade.readyState) {
        inner.close();
        return done(gone(facade));
      }
      if (!shown) adopt(facade, inner);
      shown = true;
      facade.dispatchEvent(new Event('open'));
      done(false);
    });
    inner.addEventListener('message', ({ data, origin, lastEventId }) => {
      facade.dispatchEvent(new MessageEvent('message', { data, origin, lastEventId }));
    });
    inner.addEventListener('error', () => shown && facade.dispatchEvent(new Event('error')));
    inner.addEventListener('close', ({ code, reason, wasClean }) => {
      // Not yet shown: closed by the app, or to be tried again.
      if (!shown) return done(facade.readyState === 2 ? gone(facade) : !facade.readyState);
      facade.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
      done(false);
    });
  });
}

/** Ends what never was: as the browser does with a socket closed before it opened. */
function gone(facade: Facade<WebSocket>): false {
  facade.readyState = 3;
  facade.dispatchEvent(new Event('error'));
  facade.dispatchEvent(new CloseEvent('close', { code: 1006 }));
  return false;
}

/** From now on the facade shows the real socket's state. */
function adopt(facade: Facade<WebSocket>, inner: WebSocket): void {
  const { binaryType } = facade;
  const mirror = (name: 'readyState' | 'bufferedAmount' | 'extensions' | 'protocol') =>
    Object.defineProperty(facade, name, { enumerable: true, configurable: true, get: () => inner[name] });
  mirror('readyState');
  mirror('bufferedAmount');
  mirror('extensions');
  mirror('protocol');
  inner.binaryType = binaryType;
  Object.defineProperty(facade, 'binaryType', {
    enumerable: true,
    configurable: true,
    get: () => inner.binaryType,
    set: (type) => {
      inner.binaryType = type;
    },
  });
  facade.send = inner.send.bind(inner);
  facade.close = inner.close.bind(inner);
}

/** What to connect with: the proof is one more subprotocol where the app offers any, else a parameter. */
async function prepare(
  { context, url, protocols }: Link,
  entry: Entry | undefined,
): Promise<{ address: URL; offered: string[] }> {
  const { platform, door } = context;
  const offered = [...protocols];
  const address = new URL(url.href.replace('http', 'ws'));
  if (entry) {
    const proof = await proveCompact(
      (base) => platform.subtle.sign('HMAC', entry.proofKey, base),
      door,
      entry,
      url,
      TAG,
    );
    if (offered.length) offered.push(proof);
    else addProof(address, proof);
  }
  return { address, offered };
}
