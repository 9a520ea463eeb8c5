import { hashOf } from './sessions.ts';

/** Who used something, counted up to a bound: sessions by the hashes of their names, and networks. */
export interface Users {
  add(session: string, prefix: string): void;
  readonly sessions: number;
  readonly networks: number;
}

/** Networks are asked for in small numbers. */
const MOST_NETWORKS = 8;

/** @param most beyond so many sessions no more are counted */
export function createUsers(most: number): Users {
  const sessions = new Set<number>();
  const networks = new Set<string>();
  return {
    add(session, prefix) {
      if (sessions.size < most) sessions.add(hashOf(session));
      if (networks.size < MOST_NETWORKS) networks.add(prefix);
    },
    get sessions() {
      return sessions.size;
    },
    get networks() {
      return networks.size;
    },
  };
}
