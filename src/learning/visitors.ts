import type { Observation } from './observation.ts';
import { remembered } from './remembered.ts';
import { hashOf } from './sessions.ts';

/** One of them. */
export interface Session {
  /** The same text for all of its requests, and the same whenever the same traffic is read from its beginning. */
  readonly name: string;
  /** Of its name: {@link hashOf}. */
  readonly hash: number;
}

/** Sessions of sources that name none: one network and browser, until half an hour passes without a request. */
export interface Visitors {
  /** To be asked for every request, whatever becomes of it. */
  of(observation: Observation): Session;
}

interface Visitor {
  session: Session;
  last: number;
}

/** Milliseconds. */
export const PAUSE = 30 * 60_000;
/** Visitors that are told apart at one time, in two generations. */
const MOST = 50_000;

export function createVisitors(): Visitors {
  // By User-Agent, then by network: nothing has to be put together to find one.
  let younger = new Map<string, Map<string, Visitor>>();
  let older: typeof younger = new Map();
  let size = 0;
  let sessions = 0;
  const named = remembered(toSession);
  const newSession = (prefix: string): Session => {
    sessions += 1;
    return toSession(`${prefix} ${sessions}`);
  };

  const keep = (agent: string, prefix: string, visitor: Visitor): void => {
    if (size >= MOST) {
      older = younger;
      younger = new Map();
      size = 0;
    }
    const known = younger.get(agent);
    if (known === undefined) younger.set(agent, new Map([[prefix, visitor]]));
    else known.set(prefix, visitor);
    size += 1;
  };
  const visitorOf = ({ agent, prefix, time }: Observation): Visitor => {
    const known = younger.get(agent)?.get(prefix);
    if (known !== undefined) return known;
    const before = older.get(agent)?.get(prefix);
    const visitor = before ?? { session: newSession(prefix), last: time };
    keep(agent, prefix, visitor);
    return visitor;
  };

  return {
    of(observation) {
      const { session, prefix, time } = observation;
      if (session !== '') return named(session);
      const visitor = visitorOf(observation);
      if (time - visitor.last > PAUSE) visitor.session = newSession(prefix);
      visitor.last = Math.max(visitor.last, time);
      return visitor.session;
    },
  };
}

const toSession = (name: string): Session => ({ name, hash: hashOf(name) });
