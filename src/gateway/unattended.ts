/**
 * Calls that go on to the backend's answer although whoever made them has left: the answer says what was made or removed.
 * Bounded in number and time, because their clients hold no connection any more that would count. Where all places are taken,
 * a network that has fewer gets one of the network that has the most.
 */
export interface Unattended {
  /**
   * Takes a call on; null where there are too many.
   * @param prefix network that it came from
   * @param giveUp called where its answer does not come in time, or its place goes to another network
   * @returns to be called when it is over
   */
  take(prefix: string, giveUp: () => void): (() => void) | null;
}

export interface UnattendedBounds {
  readonly most: number;
  /** Milliseconds. */
  readonly patience: number;
}

const BOUNDS: UnattendedBounds = { most: 1000, patience: 10_000 };

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly giveUp: () => void;
}

export function createUnattended({ most, patience }: UnattendedBounds = BOUNDS): Unattended {
  const networks = new Map<string, Set<Waiting>>();
  let places = 0;

  const leave = (prefix: string, one: Waiting): boolean => {
    const own = networks.get(prefix);
    if (own?.delete(one) !== true) return false;
    clearTimeout(one.timer);
    places -= 1;
    if (own.size === 0) networks.delete(prefix);
    return true;
  };
  /** The oldest of the network with the most gives its place up, where the other has fewer even with it. */
  const makeRoom = (prefix: string): boolean => {
    let [greediest, held] = ['', 0];
    for (const [name, { size }] of networks) if (size > held) [greediest, held] = [name, size];
    const [oldest] = networks.get(greediest) ?? [];
    if (oldest === undefined || (networks.get(prefix)?.size ?? 0) + 1 >= held) return false;
    leave(greediest, oldest);
    oldest.giveUp();
    return true;
  };

  return {
    take(prefix, giveUp) {
      if (places >= most && !makeRoom(prefix)) return null;
      const timer = setTimeout(() => {
        if (leave(prefix, one)) giveUp();
      }, patience).unref();
      const one: Waiting = { timer, giveUp };
      const own = networks.get(prefix);
      if (own === undefined) networks.set(prefix, new Set([one]));
      else own.add(one);
      places += 1;
      return () => {
        leave(prefix, one);
      };
    },
  };
}
