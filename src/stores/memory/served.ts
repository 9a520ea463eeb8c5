import { randomBytes } from 'node:crypto';
import { MOST_SERVED, type ServedClaim } from '../../guard/served.ts';
import type { Claims } from '../../guard/state.ts';
import { createSipHash } from '../../lib/sip-hash.ts';
import { Buckets } from './buckets.ts';
import { callerOf, NOBODY, type Payer } from './payer.ts';

/** Ids of all sessions together, some 40 bytes each: beyond, who was given the most loses them. */
const MOST_IDS = 1 << 22;
const MINUTE = 60_000;

/** By source: fingerprints of the ids, oldest first. */
export type Given = Map<number, Set<number>>;

/**
 * Which ids each session was given. Of an id 32 bits are kept, drawn from a hash with a key of this process: an id that
 * nobody gave is taken for one of 4,096 given ones once in a million times, and nobody can tell which.
 */
export class Served {
  readonly #print = createPrint();
  readonly #given = new Map<Payer, Given>();
  readonly #linked = new Map<string, Buckets>();
  /** Callers by how much they were given: those of one rank were given more than half as much as any other of it. */
  readonly #ranks: Set<Payer>[] = [];
  readonly #most: number;
  #ids = 0;
  /** What the request at hand names and nobody gave: between check and apply of one commit. */
  readonly #missing: ServedClaim[] = [];

  constructor(most = MOST_IDS) {
    this.#most = most;
  }

  get size(): number {
    return this.#ids;
  }

  /** Whether this caller was given every id, or may have it by its page. Uses nothing up. */
  check(claims: Claims, now: number): boolean {
    const caller = callerOf(claims);
    if (caller === NOBODY) return false;
    const given = this.#given.get(caller);
    this.#missing.length = 0;
    for (const claim of claims.served) {
      if (given?.get(claim.rule.number)?.has(this.#print(claim.id)) === true) continue;
      if (!this.#mayLink(caller, claim, now)) return false;
      this.#missing.push(claim);
    }
    return true;
  }

  /** After {@link check} at the same moment: what the page gave is given now. */
  apply(claims: Claims, now: number): void {
    if (this.#missing.length === 0) return;
    const caller = callerOf(claims);
    for (const claim of this.#missing) {
      // By another claim of this very request.
      if (this.#given.get(caller)?.get(claim.rule.number)?.has(this.#print(claim.id)) === true) continue;
      this.#linksOf(claim).set(caller, this.#afterLink(caller, claim, now));
      this.give(caller, claim.rule.number, [claim.id]);
    }
    this.#missing.length = 0;
  }

  give(caller: Payer, source: number, ids: readonly string[]): void {
    if (caller === NOBODY) return;
    const given = this.#given.get(caller) ?? new Map<number, Set<number>>();
    this.#given.set(caller, given);
    const prints = given.get(source) ?? new Set<number>();
    given.set(source, prints);
    const before = rankOf(given);
    for (const id of ids) this.#add(prints, this.#print(id));
    this.#rank(caller, before, rankOf(given));
    while (this.#ids > this.#most) this.#forgetMost();
  }

  of(session: Payer): Given | undefined {
    return this.#given.get(session);
  }

  /** A session goes on under another number, with what it was given; {@link forget} must have come before. */
  carry(session: Payer, given: Given): void {
    this.#given.set(session, given);
    this.#rank(session, NO_RANK, rankOf(given));
    this.#ids += countOf(given);
  }

  forget(session: Payer): void {
    const given = this.#given.get(session);
    if (given === undefined) return;
    this.#rank(session, rankOf(given), NO_RANK);
    this.#ids -= countOf(given);
    this.#given.delete(session);
  }

  #add(prints: Set<number>, print: number): void {
    // What is given again is the latest again.
    if (!prints.delete(print)) this.#ids += 1;
    prints.add(print);
    if (prints.size <= MOST_SERVED) return;
    for (const oldest of prints) {
      prints.delete(oldest);
      this.#ids -= 1;
      return;
    }
  }

  #mayLink(caller: Payer, claim: ServedClaim, now: number): boolean {
    return claim.otherwise > 0 && this.#afterLink(caller, claim, now) - now <= MINUTE;
  }

  #afterLink(caller: Payer, claim: ServedClaim, now: number): number {
    return Math.max(this.#linksOf(claim).fullAt(caller, now), now) + MINUTE / claim.otherwise;
  }

  #linksOf({ rule, otherwise }: ServedClaim): Buckets {
    const name = `${rule.number} ${otherwise}`;
    const links = this.#linked.get(name) ?? new Buckets(MINUTE);
    this.#linked.set(name, links);
    return links;
  }

  #rank(caller: Payer, from: number, to: number): void {
    if (from === to) return;
    this.#ranks[from]?.delete(caller);
    if (to === NO_RANK) return;
    const rank = this.#ranks[to] ?? new Set();
    this.#ranks[to] = rank;
    rank.add(caller);
  }

  /** Of those who were given about the most, who was so first: nobody loses what is theirs to a farm that takes more. */
  #forgetMost(): void {
    for (let rank = this.#ranks.length - 1; rank >= 0; rank -= 1) {
      for (const first of this.#ranks[rank] ?? []) {
        this.forget(first);
        return;
      }
    }
  }
}

/** Of those who were given nothing. */
const NO_RANK = -1;

function countOf(given: Given): number {
  let count = 0;
  for (const prints of given.values()) count += prints.size;
  return count;
}

/** 0 for one, 1 for two and three, 2 for four to seven … */
const rankOf = (given: Given): number => NO_RANK + 32 - Math.clz32(countOf(given));

function createPrint(): (id: string) => number {
  const key = randomBytes(16);
  return createSipHash([key.readInt32LE(0), key.readInt32LE(4), key.readInt32LE(8), key.readInt32LE(12)]);
}
