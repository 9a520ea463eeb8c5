import type { Carrier } from '../guard/decision.ts';
import { UNSIGNED_CARRIERS } from '../guard/carrier.ts';
import { createUsers, type Users } from './users.ts';

/** By what a route was called, and in what types of content. */
export interface CarrierBook {
  add(carrier: Carrier | '', type: string, session: string): void;
  /** Carriers that the route has to list, those of single requests left out. */
  carriers(): readonly Counted<Carrier>[];
  /** Content types besides JSON and binary ones. */
  types(): readonly Counted<string>[];
}

export interface Counted<T> {
  readonly name: T;
  readonly requests: number;
  readonly sessions: number;
}

interface Count {
  requests: number;
  readonly users: Users;
}

const MOST_TYPES = 8;
/** Sessions that are counted. */
const MOST_SESSIONS = 100_000;
/** Of a route's requests: who opens an address of the API in a tab does not make it a page. */
const LEAST_SHARE = 0.005;
const LISTED: ReadonlySet<Carrier> = new Set<Carrier>(['stream', 'socket', 'beacon', ...UNSIGNED_CARRIERS]);
const NAMED_TYPES = /^(?:text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)$/;

export function createCarrierBook(): CarrierBook {
  const carriers = new Map<Carrier, Count>();
  const types = new Map<string, Count>();
  let requests = 0;
  const listed = <T>(counts: ReadonlyMap<T, Count>): Counted<T>[] =>
    [...counts]
      .filter(([, count]) => count.requests >= LEAST_SHARE * requests)
      .map(([name, count]) => ({ name, requests: count.requests, sessions: count.users.sessions }));
  return {
    add(carrier, type, session) {
      requests += 1;
      if (carrier !== '' && LISTED.has(carrier)) count(carriers, carrier, session);
      if (NAMED_TYPES.test(type) && (types.has(type) || types.size < MOST_TYPES)) count(types, type, session);
    },
    carriers: () => listed(carriers),
    types: () => listed(types),
  };
}

function count<T>(counts: Map<T, Count>, name: T, session: string): void {
  const known = counts.get(name) ?? { requests: 0, users: createUsers(MOST_SESSIONS) };
  known.requests += 1;
  known.users.add(session);
  counts.set(name, known);
}
