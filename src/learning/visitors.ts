import type { Observation } from './observation.ts';
import { remembered } from './remembered.ts';
import { createSessionLines } from './session-lines.ts';
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
  /** All of the traffic is read from its beginning: to be called before each reading. */
  begin(): void;
  /** To be asked for every request, whatever becomes of it. */
  of(observation: Observation): Session;
}

interface Visitor {
  /** Number of its session, from 1. */
  session: number;
  last: number;
}

/** Milliseconds. */
export const PAUSE = 30 * 60_000;
/** Visitors that are told apart at one time, in two generations. */
const MOST = 50_000;
/** Names that are kept: sessions are open at one time that were begun at about that time. */
const MOST_NAMES = 8192;

export function createVisitors(): Visitors {
  // By User-Agent, then by network: nothing has to be put together to find one.
  let younger = new Map<string, Map<string, Visitor>>();
  let older: typeof younger = new Map();
  let size = 0;
  let sessions = 0;
  let latest = 0;
  let nameOf = createNames();
  const lines = createSessionLines();
  const named = remembered(toSession);

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
  const newSession = (): number => {
    sessions += 1;
    return sessions;
  };
  const visitorOf = ({ agent, prefix, time }: Observation): Visitor => {
    const known = younger.get(agent)?.get(prefix);
    if (known !== undefined) return known;
    const before = older.get(agent)?.get(prefix);
    const visitor = before ?? { session: newSession(), last: time };
    keep(agent, prefix, visitor);
    return visitor;
  };
  const tellApart = (observation: Observation): number => {
    const { time } = observation;
    const visitor = visitorOf(observation);
    if (time - visitor.last > PAUSE) visitor.session = newSession();
    visitor.last = Math.max(visitor.last, time);
    latest = Math.max(latest, time);
    return visitor.session;
  };
  const forgetGone = (generation: typeof younger): void => {
    // Logs are a little out of order.
    for (const visitors of generation.values())
      for (const [prefix, { last }] of visitors) if (latest - last > 2 * PAUSE) visitors.delete(prefix);
  };

  return {
    begin() {
      if (lines.begin()) {
        // Only a log that has grown has anything to tell apart: from where it ended.
        for (const generation of [younger, older]) forgetGone(generation);
        return;
      }
      [younger, older] = [new Map(), new Map()];
      [size, sessions, latest] = [0, 0, 0];
      nameOf = createNames();
    },
    of(observation) {
      const { session, prefix, line = -1 } = observation;
      if (session !== '') return named(session);
      const known = lines.get(line);
      if (known !== 0) return nameOf(known, prefix);
      const number = tellApart(observation);
      lines.set(line, number);
      return nameOf(number, prefix);
    },
  };
}

/** The sessions of latest numbers, by them: few are open at one time. */
function createNames(): (number: number, prefix: string) => Session {
  const numbers = new Int32Array(MOST_NAMES);
  const made: Session[] = [];
  return (number, prefix) => {
    const place = number % MOST_NAMES;
    const known = numbers[place] === number ? made[place] : undefined;
    if (known !== undefined) return known;
    const session = toSession(`${prefix} ${number}`);
    numbers[place] = number;
    made[place] = session;
    return session;
  };
}

const toSession = (name: string): Session => ({ name, hash: hashOf(name) });
