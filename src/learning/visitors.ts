import type { Observation } from './observation.ts';

/** Sessions of sources that name none: one network and browser, until half an hour passes without a request. */
export interface Visitors {
  /** The session's name, the same for all of its requests. */
  of(observation: Observation): string;
}

const PAUSE = 30 * 60_000;
const MOST = 100_000;

export function createVisitors(): Visitors {
  const open = new Map<string, { last: number; number: number }>();
  return {
    of({ session, prefix, agent, time }) {
      if (session !== '') return session;
      const who = `${prefix} ${agent}`;
      const known = open.get(who);
      if (known === undefined) {
        const [oldest] = open.keys();
        if (open.size >= MOST && oldest !== undefined) open.delete(oldest);
        open.set(who, { last: time, number: 0 });
        return `${who} 0`;
      }
      if (time - known.last > PAUSE) known.number += 1;
      known.last = Math.max(known.last, time);
      return `${who} ${known.number}`;
    },
  };
}
