import type { Carrier } from '../guard/decision.ts';
import { UNSIGNED_CARRIERS } from '../guard/carrier.ts';
import { ENOUGH_TO_LEAVE_OUT } from './rare.ts';
import { createUsers, type Users } from './users.ts';
import { createVoices, isRare, type Sender, type Voices } from './voices.ts';

/** By what a route was called, and in what types of content. */
export interface CarrierBook {
  add(carrier: Carrier | '', type: string, sender: Sender): void;
  /** Carriers that the route has to list, those of single requests, sessions and networks left out. */
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
  readonly by: Voices;
}

const MOST_TYPES = 8;
/** Sessions that are counted. */
const MOST_SESSIONS = 100_000;
/** Of a route's requests, and of its sessions: who opens an address of the API in a tab does not make it a page. */
const LEAST_SHARE = 0.005;
const LEAST_SESSIONS = 0.01;
const LISTED: ReadonlySet<Carrier> = new Set<Carrier>(['stream', 'socket', 'beacon', ...UNSIGNED_CARRIERS]);
const NAMED_TYPES = /^(?:text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)$/;

export function createCarrierBook(): CarrierBook {
  const carriers = new Map<Carrier, Count>();
  const types = new Map<string, Count>();
  const all = createVoices();
  let requests = 0;
  const isListed = (count: Count): boolean => {
    if (all.sessions >= ENOUGH_TO_LEAVE_OUT && isRare(count.by)) return false;
    return count.requests >= LEAST_SHARE * requests && count.by.sessions >= LEAST_SESSIONS * all.sessions;
  };
  const listed = <T>(counts: ReadonlyMap<T, Count>): Counted<T>[] =>
    [...counts]
      .filter(([, count]) => isListed(count))
      .map(([name, count]) => ({ name, requests: count.requests, sessions: count.users.sessions }));
  return {
    add(carrier, type, sender) {
      requests += 1;
      all.add(sender.voice, sender.session);
      if (carrier !== '' && LISTED.has(carrier)) count(carriers, carrier, sender);
      if (NAMED_TYPES.test(type) && (types.has(type) || types.size < MOST_TYPES)) count(types, type, sender);
    },
    carriers: () => listed(carriers),
    types: () => listed(types),
  };
}

function count<T>(counts: Map<T, Count>, name: T, { voice, session }: Sender): void {
  const known = counts.get(name) ?? { requests: 0, users: createUsers(MOST_SESSIONS), by: createVoices() };
  known.requests += 1;
  known.users.add(session);
  known.by.add(voice, session);
  counts.set(name, known);
}
