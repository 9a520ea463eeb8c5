/** What one counter is asked, as the script reads it (script.ts). */
export type Ask = { readonly kind: string } & Readonly<Record<string, number | string>>;

/**
 * This process's part of one counter. It is asked about one call at a time: what comes meanwhile waits for the next. All
 * times are steady milliseconds of this process.
 */
export interface Share {
  /** Of the counter, where it lies. */
  readonly key: string;
  /** Whether a call about it is planned, under way, or neither. */
  state: 'quiet' | 'planned' | 'asked';
  /** What to ask now; `leaving` holds nothing ahead any more. */
  ask(now: number, leaving: boolean): Ask;
  /** @param sent when the call was made: what it granted is good for so long from then, and no longer */
  answered(answer: readonly number[], sent: number, now: number): void;
  /** The call failed: nobody knows whether it was made. */
  failed(error: unknown): void;
  /** Whether a call is needed: somebody waits, or something has to be said or given back. */
  due(now: number): boolean;
  /** Whether nothing is lost by forgetting it when it is quiet. */
  idle(): boolean;
  /** Whether somebody waits for an answer. */
  waits(): boolean;
  /** How many were used in the last second or two. */
  lately(now: number): number;
}

/** What became of one try. */
export type Try = Got | Refused;

export interface Got {
  readonly ok: true;
  /** Milliseconds by which the call comes too early for a rule that holds calls back. */
  readonly delay: number;
  /** Milliseconds until the bucket is full again; 0 where there is none. */
  readonly debt: number;
  /** As if it had not been taken. */
  undo(): void;
}

export interface Refused {
  readonly ok: false;
  /** Milliseconds after which there may be room. */
  readonly wait: number;
}

export interface Waiter {
  readonly mayWait: boolean;
  resolve(found: Try): void;
  reject(error: unknown): void;
}

/** How many were used lately: about as many will be. */
export class Demand {
  #since = 0;
  #current = 0;
  #previous = 0;

  note(now: number): void {
    this.#turn(now);
    this.#current += 1;
  }

  /** In the last second or two. */
  lately(now: number): number {
    this.#turn(now);
    return this.#current + this.#previous;
  }

  #turn(now: number): void {
    if (now - this.#since < SECOND) return;
    this.#previous = now - this.#since < 2 * SECOND ? this.#current : 0;
    this.#current = 0;
    this.#since = now;
  }
}

const SECOND = 1000;

/** Taken ahead at most. */
export const MOST_AHEAD = 256;
