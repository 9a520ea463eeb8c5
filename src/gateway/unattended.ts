/**
 * Calls that go on to the backend's answer although whoever made them has left: the answer says what was made or removed.
 * Bounded in number and time, because their clients hold no connection any more that would count.
 */
export interface Unattended {
  /**
   * Takes a call on; null where there are too many.
   * @param giveUp called where its answer does not come in time
   * @returns to be called when it is over
   */
  take(giveUp: () => void): (() => void) | null;
}

export interface UnattendedBounds {
  readonly most: number;
  /** Milliseconds. */
  readonly patience: number;
}

const BOUNDS: UnattendedBounds = { most: 1000, patience: 10_000 };

export function createUnattended({ most, patience }: UnattendedBounds = BOUNDS): Unattended {
  const timers = new Set<NodeJS.Timeout>();
  return {
    take(giveUp) {
      if (timers.size >= most) return null;
      const timer = setTimeout(() => {
        timers.delete(timer);
        giveUp();
      }, patience).unref();
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
  };
}
