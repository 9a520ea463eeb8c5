import { hashOf } from './sessions.ts';

/** Sessions that used something, counted up to a bound by the hashes of their names. */
export interface Users {
  add(session: string): void;
  readonly sessions: number;
}

/** @param most beyond so many no more are counted */
export function createUsers(most: number): Users {
  const sessions = new Set<number>();
  return {
    add(session) {
      if (sessions.size < most) sessions.add(hashOf(session));
    },
    get sessions() {
      return sessions.size;
    },
  };
}
