import type { Claims, CommitCode } from '../../guard/state.ts';

/** Keys that used a nonce or a quota lately. Only keys that were verified come here, so their owner bounds them, too. */
const MOST_KEYS = 1 << 16;
/** Nonces of all keys together. Some 150 bytes each. */
const MOST_NONCES = 1 << 20;
/** Looking through all keys for room is done this often at most. */
const SWEEP_MS = 1000;

interface Used {
  /** Nonces since `since`, and those of as long before. */
  current: Set<string>;
  previous: Set<string>;
  /** Steady time. */
  since: number;
  life: number;
  /** The span of the quota that is being counted (wall clock), and how much of it is used. */
  span: number;
  count: number;
}

/**
 * What API keys have used: nonces of signatures, and quotas. Nothing that has to be remembered is ever dropped for want
 * of room: who uses more than there is room for is refused.
 */
export class Keys {
  readonly #most: number;
  readonly #mostOfAll: number;
  readonly #used = new Map<string, Used>();
  #nonces = 0;
  /** Steady time. */
  #swept = Number.NEGATIVE_INFINITY;

  constructor(noncesPerKey: number, noncesOfAll = MOST_NONCES) {
    this.#most = noncesPerKey;
    this.#mostOfAll = noncesOfAll;
  }

  get size(): number {
    return this.#used.size;
  }

  /** Why this request cannot have what it claims; '' where it can. Uses nothing up. `now`: steady time. */
  check(claims: Claims, now: number): CommitCode {
    const used = this.#used.get(claims.key);
    if (used === undefined) return this.#hasRoom(claims, now) ? '' : 'limit';
    if (claims.quotaCount > 0 && spanOf(claims) <= used.span && used.count >= claims.quotaCount) return 'limit';
    if (claims.keyNonce === '') return '';
    this.#turn(used, claims.keyNonceLife, now);
    if (used.current.has(claims.keyNonce) || used.previous.has(claims.keyNonce)) return 'replayed';
    const held = used.current.size + used.previous.size;
    return held >= this.#most || !this.#hasNonces(claims, now) ? 'limit' : '';
  }

  /** After {@link check} at the same moment. */
  apply(claims: Claims, now: number): void {
    let used = this.#used.get(claims.key);
    if (used === undefined) {
      used = { current: new Set(), previous: new Set(), since: now, life: 0, span: -1, count: 0 };
      this.#used.set(claims.key, used);
    }
    if (claims.quotaCount > 0) {
      const span = spanOf(claims);
      // A clock set back does not give a quota anew: only a later span begins at nothing.
      if (span > used.span) {
        used.span = span;
        used.count = 0;
      }
      used.count++;
    }
    if (claims.keyNonce === '') return;
    used.life = Math.max(used.life, claims.keyNonceLife);
    used.current.add(claims.keyNonce);
    this.#nonces++;
  }

  /** Each generation holds the nonces of one life, so that every one is remembered for at least as long. */
  #turn(used: Used, life: number, now: number): void {
    const age = now - used.since;
    const span = Math.max(used.life, life);
    if (age <= span) return;
    this.#nonces -= used.previous.size;
    used.previous = used.current;
    used.current = new Set();
    if (age > 2 * span) {
      this.#nonces -= used.previous.size;
      used.previous = new Set();
    }
    used.since = now;
  }

  #hasRoom(claims: Claims, now: number): boolean {
    if (this.#used.size >= MOST_KEYS) this.#sweep(claims.now, now);
    return this.#used.size < MOST_KEYS && (claims.keyNonce === '' || this.#hasNonces(claims, now));
  }

  /** Keys that are used no more would hold their last nonces for ever, and all others out. */
  #hasNonces(claims: Claims, now: number): boolean {
    if (this.#nonces >= this.#mostOfAll && now - this.#swept >= SWEEP_MS) {
      this.#swept = now;
      this.#sweep(claims.now, now);
    }
    return this.#nonces < this.#mostOfAll;
  }

  /** Rare: so many keys are in use. Forgets those whose nonces and quotas are all over. */
  #sweep(wall: number, now: number): void {
    for (const [key, used] of this.#used) {
      this.#turn(used, used.life, now);
      const holds = used.current.size + used.previous.size > 0;
      if (!holds && wall - used.span > LONGEST_QUOTA) this.#used.delete(key);
    }
  }
}

export const LONGEST_QUOTA = 31 * 86_400_000;

/** Start of the span of the quota, on the wall clock. */
export function spanOf({ now, quotaPer }: Claims): number {
  return quotaPer > 0 ? now - (now % quotaPer) : 0;
}
