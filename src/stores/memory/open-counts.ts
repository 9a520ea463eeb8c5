import type { Payer } from './payer.ts';

/** What is counted under one limit on open requests. */
export interface Counts {
  of(payer: Payer): number;
  raise(payer: Payer): Raised;
}

/** What was counted as open. */
export interface Raised {
  /** Takes one back, once for each time that it was raised. */
  lower(): void;
}

/** Payers of one rule who have nothing open and are kept for their next request: to forget them each time costs more. */
export const MOST_IDLE = 4096;

/** What each payer has open under one rule, in this thread. */
export class OpenCounts implements Counts {
  readonly #open = new Map<Payer, Open>();
  #idle = 0;

  get size(): number {
    return this.#open.size;
  }

  of(payer: Payer): number {
    return this.#open.get(payer)?.count ?? 0;
  }

  raise(payer: Payer): Raised {
    const known = this.#open.get(payer);
    const open = known ?? new Open(payer, this);
    if (known === undefined) this.#open.set(payer, open);
    else if (known.count === 0) this.#idle -= 1;
    open.count += 1;
    return open;
  }

  ended({ payer }: Open): void {
    if (this.#idle < MOST_IDLE) this.#idle += 1;
    else this.#open.delete(payer);
  }
}

/** What one payer has open. */
class Open implements Raised {
  count = 0;
  readonly payer: Payer;
  readonly #counts: OpenCounts;

  constructor(payer: Payer, counts: OpenCounts) {
    this.payer = payer;
    this.#counts = counts;
  }

  lower(): void {
    this.count -= 1;
    if (this.count === 0) this.#counts.ended(this);
  }
}
