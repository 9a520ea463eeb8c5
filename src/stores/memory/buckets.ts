import type { Payer } from './payer.ts';

/** Payers of one rule in one generation. Beyond, those that are new share a few buckets: nobody gains by being many. */
const MOST_PAYERS = 1 << 20;
const SHARED = 1024;

/**
 * The buckets of one limit: for each payer the steady time at which its bucket is full again (the generic cell rate
 * algorithm). Whoever is not here has a full one. A debt is over after `span`, so two generations of that length
 * hold all of them, and the older one is dropped whole.
 */
export class Buckets {
  #current = new Map<Payer, number>();
  #previous = new Map<Payer, number>();
  #since = 0;
  #span: number;
  readonly #most: number;

  /** `span`: milliseconds after which an untouched bucket is full, whatever was taken of it. */
  constructor(span: number, most = MOST_PAYERS) {
    this.#span = span;
    this.#most = most;
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  /** Debts of this length are remembered from now on. */
  keep(span: number): void {
    if (span > this.#span) this.#span = span;
  }

  /** When this payer's bucket is full again; in the past where it is. */
  fullAt(payer: Payer, now: number): number {
    this.#turn(now);
    const name = this.#nameOf(payer);
    return this.#current.get(name) ?? this.#previous.get(name) ?? 0;
  }

  /** After {@link fullAt} at the same moment. */
  set(payer: Payer, fullAt: number): void {
    this.#current.set(this.#nameOf(payer), fullAt);
  }

  /** The payer goes on under another number, and owes what it owed. */
  move(from: Payer, to: Payer, now: number): void {
    const fullAt = this.fullAt(from, now);
    if (fullAt > now) this.set(to, fullAt);
  }

  #nameOf(payer: Payer): Payer {
    if (this.#current.size < this.#most || this.#current.has(payer)) return payer;
    return `shared ${hashOf(payer) % SHARED}`;
  }

  #turn(now: number): void {
    if (now - this.#since < this.#span) return;
    this.#previous = now - this.#since < 2 * this.#span ? this.#current : new Map();
    this.#current = new Map();
    this.#since = now;
  }
}

function hashOf(payer: Payer): number {
  if (typeof payer === 'number') return payer;
  let hash = 0;
  for (let at = 0; at < payer.length; at++) hash = (Math.imul(hash, 31) + payer.charCodeAt(at)) >>> 0;
  return hash;
}
