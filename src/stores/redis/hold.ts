import type { Hold } from '../../guard/use.ts';
import type { Taken } from './wide/wide.ts';

/** What one request took, and where. */
export interface HoldParts {
  readonly partition: number;
  /** Session or account in whose name it was counted. */
  readonly caller: string;
  /** Rules of order that counted the call, and since when each counts. */
  readonly made: readonly (readonly [string, number])[];
  /** Rules that count it as open, and its name there. */
  readonly open: readonly string[];
  readonly id: string;
  readonly wide: Taken;
}

/** Each is given back once at most. */
export class RedisHold implements Hold {
  readonly kind = 'redis';
  #parts: HoldParts;
  #settled = false;
  #released = false;

  constructor(parts: HoldParts) {
    this.#parts = parts;
  }

  get parts(): HoldParts {
    return this.#parts;
  }

  /** Whether a call that came to nothing has to be given back: the first word counts. */
  settle(succeeded: boolean): boolean {
    const first = !this.#settled;
    this.#settled = true;
    return first && !succeeded && this.#parts.made.length > 0;
  }

  /** Whether anything was open in the session. */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.#parts.wide.end();
    return this.#parts.open.length > 0;
  }
}
