import { createHidden } from '../hidden.ts';
import type { Share } from './share.ts';

/** How often shares are looked through that nobody asks about, in milliseconds. */
const LOOK_MS = 500;
/** Shares remembered; beyond, only those that are in use. */
const MOST_SHARES = 65_536;
/** How many are looked at for one that can be forgotten. */
const STOPS = 32;
/** Parts that counters lie in, each in one slot of a Cluster. */
const PLACES = 256;

/** The shares that this process has in counters, by name. */
export class Shares {
  readonly #prefix: string;
  readonly #hidden: (name: string) => Buffer;
  readonly #shares = new Map<string, Share>();
  readonly #look: NodeJS.Timeout;

  /** @param plan asks for a call about a share */
  constructor(prefix: string, secret: string | Uint8Array, now: () => number, plan: (share: Share) => void) {
    this.#prefix = prefix;
    this.#hidden = createHidden(secret, 'shares');
    this.#look = setInterval(() => {
      for (const [name, share] of this.#shares) {
        if (share.state !== 'quiet') continue;
        if (share.due(now())) plan(share);
        else if (share.idle() && share.lately(now()) === 0) this.#shares.delete(name);
      }
    }, LOOK_MS);
    this.#look.unref();
  }

  /** Names say of what kind their shares are. */
  find<S extends Share>(name: string, kind: new (...args: never[]) => S, make: (key: string) => S): S {
    const known = this.#shares.get(name);
    if (known instanceof kind) return known;
    if (this.#shares.size >= MOST_SHARES) this.#makeRoom();
    const made = make(this.#keyOf(name));
    this.#shares.set(name, made);
    return made;
  }

  /** Stops looking after them; returns all. */
  close(): Iterable<Share> {
    clearInterval(this.#look);
    return this.#shares.values();
  }

  /** Addresses and people are not to be read in the names of keys. */
  #keyOf(name: string): string {
    const hidden = this.#hidden(name);
    return `${this.#prefix}{w${hidden.readUInt16BE(0) % PLACES}}${hidden.toString('base64url', 0, 18)}`;
  }

  /** Forgets one of those that have been here for longest; what is in use goes to the back. */
  #makeRoom(): void {
    let stops = 0;
    for (const [name, share] of this.#shares) {
      this.#shares.delete(name);
      if (share.state === 'quiet' && share.idle()) return;
      this.#shares.set(name, share);
      stops += 1;
      if (stops === STOPS) return;
    }
  }
}
