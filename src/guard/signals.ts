/** What is kept under a name. */
export interface Signal {
  /** Above all that were kept before. */
  readonly counter: number;
  readonly text: string;
}

/**
 * How processes that share a store hear of each other: one text a name, the latest. What it says, and whether it may be believed,
 * is for whoever reads it to find out: a store keeps and tells, and vouches for nothing.
 */
export interface Signals {
  /**
   * Keeps it in place of what is there, in one step. False where what is there has the same counter or a higher one: nothing was
   * changed then. Rejects where the store cannot be reached.
   */
  publish(name: string, signal: Signal): Promise<boolean>;
  /** Null where there is none. Rejects where the store cannot be reached. */
  latest(name: string): Promise<Signal | null>;
  /**
   * Calls the listener whenever something may have changed, by whichever process: within a second on one machine, within five
   * across machines; also where nothing did. Returns how to stop.
   */
  subscribe(listener: () => void): () => void;
}
