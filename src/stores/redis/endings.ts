import type { EndReason } from '../../guard/state.ts';

interface Ending {
  readonly partition: number;
  /** This process's wall clock. */
  readonly until: number;
  readonly reason: EndReason;
}

/** Endings that are said again after a failover: beyond, those that were made first are forgotten here. */
const MOST = 65_536;

/**
 * Sessions that this process has ended. A server that lost its last second may have lost them as well: they are told to
 * whoever comes to be master, for as long as they hold.
 */
export class Endings {
  readonly #known = new Map<string, Ending>();

  add(session: string, ending: Ending): void {
    const until = Math.max(ending.until, this.#known.get(session)?.until ?? 0);
    this.#known.delete(session);
    this.#known.set(session, { ...ending, until });
    if (this.#known.size <= MOST) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  has(session: string, now: number): boolean {
    return (this.#known.get(session)?.until ?? 0) > now;
  }

  /** Of these partitions, those that still hold; what is over is forgotten. */
  *of(partitions: ReadonlySet<number>, now: number): Iterable<readonly [session: string, ending: Ending]> {
    for (const [session, ending] of this.#known) {
      if (ending.until <= now) this.#known.delete(session);
      else if (partitions.has(ending.partition)) yield [session, ending];
    }
  }
}
