import { randomBytes } from 'node:crypto';
import { MOST_SERVED, type ServedClaim } from '../../guard/served.ts';
import type { Claims } from '../../guard/state.ts';
import { createSipHash } from '../../lib/sip-hash.ts';
import { Buckets } from './buckets.ts';
import { callerOf, NOBODY, type Payer } from './payer.ts';

/** Ids of all sessions together, some 40 bytes each: beyond, the session that was given its ids first loses them. */
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
  #ids = 0;
  /** What the request at hand names and nobody gave: between check and apply of one commit. */
  readonly #missing: ServedClaim[] = [];

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
    for (const id of ids) this.#add(prints, this.#print(id));
    while (this.#ids > MOST_IDS) this.#forgetFirst();
  }

  of(session: Payer): Given | undefined {
    return this.#given.get(session);
  }

  /** A session goes on under another number, with what it was given; {@link forget} must have come before. */
  carry(session: Payer, given: Given): void {
    this.#given.set(session, given);
    for (const prints of given.values()) this.#ids += prints.size;
  }

  forget(session: Payer): void {
    for (const prints of this.#given.get(session)?.values() ?? []) this.#ids -= prints.size;
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

  #forgetFirst(): void {
    for (const first of this.#given.keys()) {
      this.forget(first);
      return;
    }
  }
}

function createPrint(): (id: string) => number {
  const key = randomBytes(16);
  return createSipHash([key.readInt32LE(0), key.readInt32LE(4), key.readInt32LE(8), key.readInt32LE(12)]);
}
