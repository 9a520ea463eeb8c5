import type { Carrier, Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { OWN_COOKIES } from '../wire/constants.ts';
import type { DecisionRecord } from './decision-record.ts';
import { type MachineCalls, NO_MACHINES, withMachine } from './machine-calls.ts';

/** One method and path shape, and how it was called. */
export interface RouteSeen {
  readonly method: string;
  /** Path with ids as `:id`: what a config line for it would name. */
  readonly path: string;
  /** Row of the policy that fits it. */
  readonly route: string;
  readonly carriers: Readonly<Partial<Record<Carrier, number>>>;
  /** Values of Sec-Fetch-Dest: `image`, `video`, `document`. */
  readonly destinations: Readonly<Record<string, number>>;
  readonly requests: number;
  /** Refused, or would have been. */
  readonly refused: number;
  /**
   * Answers 2xx to a method that changes data, for a request of nobody that the gate knows, without authorization and
   * without a cookie of the app's.
   */
  readonly anonymousWrites: number;
  /** What programs sent here, and the backend took. */
  readonly machines: MachineCalls;
  /** ISO 8601, UTC. */
  readonly lastSeen: string;
}

export interface RouteBook {
  add(record: DecisionRecord): void;
  settled(decision: Decision, view: RequestView, status: number): void;
  list(): readonly RouteSeen[];
}

const MAX_ROUTES = 1_000;
const MAX_DESTINATIONS = 24;
const MAX_SEGMENTS = 16;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

interface Entry {
  method: string;
  path: string;
  route: string;
  carriers: Partial<Record<Carrier, number>>;
  destinations: Record<string, number>;
  requests: number;
  refused: number;
  anonymousWrites: number;
  machines: MachineCalls;
  last: number;
}

/** Bounded: beyond a thousand shapes new ones are no longer told apart, and are counted under `…`. */
export function createRouteBook(now: () => number, ourCookies: readonly string[]): RouteBook {
  const ours = new Set(ourCookies);
  const entries = new Map<string, Entry>();

  const entryFor = (method: string, path: string, route: string): Entry => {
    const shape = shapeOf(path);
    const full = entries.size >= MAX_ROUTES && !entries.has(`${method} ${shape}`);
    const name = full ? '…' : `${method} ${shape}`;
    const found = entries.get(name);
    if (found !== undefined) return found;
    const made: Entry = {
      method: full ? '' : method,
      path: full ? '…' : shape,
      route,
      carriers: {},
      destinations: {},
      requests: 0,
      refused: 0,
      anonymousWrites: 0,
      machines: NO_MACHINES,
      last: 0,
    };
    entries.set(name, made);
    return made;
  };

  return {
    add(record) {
      const entry = entryFor(record.method, record.path, record.route);
      entry.route = record.route;
      entry.requests++;
      if (record.code !== '') entry.refused++;
      entry.carriers[record.carrier] = (entry.carriers[record.carrier] ?? 0) + 1;
      count(entry.destinations, record.destination);
      entry.last = now();
    },
    settled(decision, view, status) {
      if (status < 200 || status > 299 || SAFE.has(view.method)) return;
      const entry = entryFor(view.method, view.path, decision.route.name);
      entry.machines = withMachine(entry.machines, decision, view);
      if (decision.subject !== null || decision.key !== null || !isAnonymous(view, ours)) return;
      entry.anonymousWrites++;
      entry.last = now();
    },
    list: () => [...entries.values()].map(({ last, ...rest }) => ({ ...rest, lastSeen: new Date(last).toISOString() })),
  };
}

/** Names come from requests, `constructor` among them. */
function count(counts: Record<string, number>, name: string): void {
  if (name === '') return;
  const before = Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0;
  if (before === 0 && Object.keys(counts).length >= MAX_DESTINATIONS) return;
  counts[name] = before + 1;
}

/** Neither a token nor a cookie besides ours: the backend cannot have known who called. */
function isAnonymous(view: RequestView, ours: ReadonlySet<string>): boolean {
  if (view.headers.authorization !== '') return false;
  return view.headers.cookie
    .split(';')
    .map((pair) => (pair.split('=')[0] ?? '').trim())
    .every((name) => name === '' || ours.has(name) || name.startsWith(OWN_COOKIES));
}

/** Numbers, UUIDs, long hexadecimal and anything long with digits stand for an id. */
const ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|(?=[^/]*\d)[A-Za-z0-9_~-]{16,})$/i;

const MAX_SHAPES = 4096;
const shapes = new Map<string, string>();

/** `/api/posts/42/image` as `/api/posts/:id/image`. */
export function shapeOf(path: string): string {
  const found = shapes.get(path);
  if (found !== undefined) return found;
  const shape = toShape(path);
  if (shapes.size >= MAX_SHAPES) shapes.clear();
  // A copy: the path was cut out of a target, and would keep all of its query alive.
  if (path.length <= 256) shapes.set(Buffer.from(path).toString(), shape);
  return shape;
}

function toShape(path: string): string {
  const segments = path.split('/');
  const shown = segments.slice(0, MAX_SEGMENTS).map((segment) => (ID.test(segment) ? ':id' : segment));
  return segments.length > MAX_SEGMENTS ? [...shown, '**'].join('/') : shown.join('/');
}
