import { Peak } from './peak.ts';

/** What one session did, route by route, in 20 bytes a route. */
export interface SessionProfile {
  /** Of its name: {@link hashOf}. */
  readonly hash: number;
  readonly prefix: string;
  readonly calls: number;
  readonly failures: number;
  /** For each route: {@link ROUTE}, one after another. */
  readonly routes: Uint32Array;
}

/** Places in {@link SessionProfile.routes}. */
export const ROUTE = { number: 0, firstCall: 1, firstDone: 2, calls: 3, peak: 4, size: 5 } as const;
/** For what never came about. */
export const NEVER = 0xffffffff;

/** One call of a session. */
export interface Call {
  readonly session: string;
  readonly prefix: string;
  readonly time: number;
  readonly status: number;
  /** Number of its route. */
  readonly route: number;
}

/** Collects sessions in bounded memory: beyond, an even share of them by name. */
export interface SessionBook {
  add(call: Call): void;
  /** All that were kept. To be called once, at the end. */
  end(): Sessions;
}

export interface Sessions {
  readonly profiles: readonly SessionProfile[];
  /** One in so many sessions was kept. */
  readonly oneIn: number;
}

interface OpenSession {
  readonly prefix: string;
  calls: number;
  failures: number;
  last: number;
  readonly routes: Map<number, OpenRoute>;
}

interface OpenRoute {
  readonly firstCall: number;
  firstDone: number;
  calls: number;
  readonly peak: Peak;
}

const MOST_OPEN = 20_000;
const MOST_KEPT = 100_000;
const MOST_ROUTES = 96;
/** How often ended sessions are looked for: calls. */
const SWEEP = 20_000;

/** @param pause milliseconds without a call after which a session has ended */
export function createSessionBook(pause = 12 * 3600_000): SessionBook {
  const open = new Map<string, OpenSession>();
  let kept: SessionProfile[] = [];
  let oneIn = 1;

  const keep = (name: string, session: OpenSession): void => {
    const hash = hashOf(name);
    if (hash % oneIn !== 0) return;
    kept.push(packed(hash, session));
    if (kept.length <= MOST_KEPT) return;
    oneIn *= 2;
    kept = kept.filter((one) => one.hash % oneIn === 0);
  };
  const close = (name: string, session: OpenSession): void => {
    open.delete(name);
    keep(name, session);
  };
  const sweep = (now: number): void => {
    for (const [name, session] of open) if (now - session.last > pause) close(name, session);
  };
  let calls = 0;
  const sessionOf = ({ session: name, prefix, time }: Call): OpenSession => {
    const known = open.get(name);
    if (known !== undefined && time - known.last <= pause) return known;
    if (known !== undefined) close(name, known);
    const [oldest] = open;
    if (open.size >= MOST_OPEN && oldest !== undefined) close(...oldest);
    const made: OpenSession = { prefix, calls: 0, failures: 0, last: time, routes: new Map() };
    open.set(name, made);
    return made;
  };

  return {
    add(call) {
      calls += 1;
      if (calls % SWEEP === 0) sweep(call.time);
      const session = sessionOf(call);
      session.calls += 1;
      session.last = Math.max(session.last, call.time);
      const isDone = call.status < 400;
      if (!isDone) session.failures += 1;
      let route = session.routes.get(call.route);
      if (route === undefined) {
        if (session.routes.size >= MOST_ROUTES) return;
        route = { firstCall: session.calls, firstDone: NEVER, calls: 0, peak: new Peak() };
        session.routes.set(call.route, route);
      }
      if (isDone && route.firstDone === NEVER) route.firstDone = session.calls;
      route.calls += 1;
      route.peak.add(call.time);
    },
    end() {
      for (const [name, session] of open) keep(name, session);
      open.clear();
      return { profiles: kept, oneIn };
    },
  };
}

function packed(hash: number, { prefix, calls, failures, routes }: OpenSession): SessionProfile {
  const words = new Uint32Array(routes.size * ROUTE.size);
  let at = 0;
  for (const [number, route] of routes) {
    words.set([number, route.firstCall, route.firstDone, route.calls, route.peak.most], at);
    at += ROUTE.size;
  }
  return { hash, prefix, calls, failures, routes: words };
}

/** FNV-1a, to choose evenly. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
