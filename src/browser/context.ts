import type { PageConfig, PageRoute } from '../wire/page-config.ts';
import type { Coverage } from './coverage.ts';
import type { Door } from './door.ts';
import type { Platform } from './platform.ts';

/** Parts that most pages never need. */
export interface Parts {
  /** Asks who is logged in, logs in and out. */
  readonly account: typeof import('./chunks/account.ts');
  /** Shows the key of a bound session. */
  readonly bound: typeof import('./chunks/bound.ts');
  /** Does what a refusal asks for. */
  readonly challenge: typeof import('./chunks/challenge.ts');
  /** Serialises FormData with files, digests large bodies. */
  readonly body: typeof import('./chunks/body.ts');
  /** Has a provider set its challenge. */
  readonly captcha: typeof import('./chunks/captcha.ts');
  /** Reads event streams. */
  readonly events: typeof import('./chunks/events.ts');
  /** Counts how the page is used by hand. */
  readonly interaction: Pick<typeof import('./chunks/interaction.ts'), 'start'>;
  /** Asks again for what was refused before there was a session. */
  readonly media: typeof import('./chunks/media.ts');
  /** Carries WebSockets. */
  readonly socket: typeof import('./chunks/socket.ts');
  /** Deals with refusals. */
  readonly refused: typeof import('./chunks/refused.ts');
  /** Seals calls, and opens their answers. */
  readonly sealed: typeof import('./chunks/sealed.ts');
  /** Makes an XMLHttpRequest of a sealed call. */
  readonly 'sealed-xhr': typeof import('./chunks/sealed-xhr.ts');
  /** Signs XMLHttpRequests. */
  readonly xhr: typeof import('./chunks/xhr.ts');
  /** Signs without awaiting. */
  readonly sync: typeof import('./chunks/sync.ts');
  /** Solves proofs of work. */
  readonly work: typeof import('./chunks/work.ts');
}

/** Each call may load; the same part is loaded once, and asked for again where that failed (parts.ts). */
export type Chunks = <Name extends keyof Parts>(name: Name) => Promise<Parts[Name]>;

/** Asks for a part. `failed`: how often that has failed; browsers may remember of an address that it did. */
export type LoadPart = (name: keyof Parts, failed: number) => Promise<Parts[keyof Parts]>;

/** What every wrapper works with. */
export interface Context {
  readonly platform: Platform;
  readonly config: PageConfig;
  readonly coverage: Coverage;
  readonly door: Door;
  /** Origin of the gate. */
  readonly gate: string;
  readonly chunks: Chunks;
  /** Sends a covered request with a proof, and once more where a remedy asks for it. */
  readonly call: (target: Target, request: Request, body?: unknown) => Promise<Response>;
  /** Present once loaded, and only where policy has routes for it. */
  sync: typeof import('./chunks/sync.ts') | undefined;
  /** True from the moment the page is being left or hidden: what is sent now must be sent at once. */
  hiding: boolean;
  /**
   * What seals calls, by the key agreed at an entry. Not the sealing part's own: a second copy of it would count from the
   * start, and use a nonce twice.
   */
  seals?: WeakMap<CryptoKey, Seal>;
}

/** What seals the calls of one entry. An entry that brings a solution is made anew and has the same keys. */
export interface Seal {
  readonly key: Promise<CryptoKey>;
  counter: number;
}

/** A covered call's address and route. */
export interface Target {
  readonly url: URL;
  readonly route: PageRoute;
}

/** Null for a call that is none of ours: it must reach the browser as it came. Never throws. */
export function targetOf(context: Context, method: unknown, address: unknown): Target | null {
  try {
    const url = new URL(`${address}`, self.document?.baseURI ?? self.location.href);
    if (/^ws/.test(url.protocol)) url.protocol = url.protocol.replace('ws', 'http');
    const route = context.coverage(`${method}`.toUpperCase(), url);
    return route && { url, route };
  } catch {
    return null;
  }
}

/** Replaces a function by a Proxy, which keeps its name, length, properties and native look. */
export function wrap<Args extends unknown[], Result>(
  owner: object,
  name: string,
  around: (native: (self: unknown, args: Args) => Result, self: unknown, args: Args) => Result,
): void {
  const native: unknown = Reflect.get(owner, name);
  if (typeof native !== 'function') return;
  const run = (self: unknown, args: Args): Result => Reflect.apply(native, self, args);
  Reflect.set(owner, name, new Proxy(native, { apply: (_, self, args: Args) => around(run, self, args) }));
}
