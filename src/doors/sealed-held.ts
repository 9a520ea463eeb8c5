/**
 * Bytes of long sealed calls that are held at a time. What is sealed cannot be judged before it is here, so it waits in
 * memory, and so does what was opened until somebody has read it: a slow backend must not make it grow.
 */
export interface HeldBounds {
  /** By all together, by one network prefix, by one session. */
  readonly all: number;
  readonly prefix: number;
  readonly session: number;
}

const BOUNDS: HeldBounds = { all: 64 * 1024 * 1024, prefix: 16 * 1024 * 1024, session: 4 * 1024 * 1024 };

export interface Held {
  /** What gives the bytes back, once or more often; null where it is too much now. */
  take(session: string, prefix: string, bytes: number): (() => void) | null;
}

/** Holds as many sessions and prefixes as have calls here. */
export function createHeld(bounds: HeldBounds = BOUNDS): Held {
  const bySession = new Map<string, number>();
  const byPrefix = new Map<string, number>();
  let all = 0;
  return {
    take(session, prefix, bytes) {
      const fits =
        all + bytes <= bounds.all &&
        (byPrefix.get(prefix) ?? 0) + bytes <= bounds.prefix &&
        (bySession.get(session) ?? 0) + bytes <= bounds.session;
      if (!fits) return null;
      const add = (more: number): void => {
        all += more;
        count(byPrefix, prefix, more);
        count(bySession, session, more);
      };
      add(bytes);
      let isHeld = true;
      return () => {
        if (isHeld) add(-bytes);
        isHeld = false;
      };
    },
  };
}

function count(counts: Map<string, number>, name: string, more: number): void {
  const sum = (counts.get(name) ?? 0) + more;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}
