/** Sessions that used something, counted up to a bound. */
export interface Users {
  /** @param session the hash of its name */
  add(session: number): void;
  readonly sessions: number;
}

/** @param most beyond so many no more are counted */
export function createUsers(most: number): Users {
  const sessions = new Set<number>();
  return {
    add(session) {
      if (sessions.size < most) sessions.add(session);
    },
    get sessions() {
      return sessions.size;
    },
  };
}
