import { MOST_SERVED, type ServedClaim } from '../../guard/served.ts';
import type { Claims } from '../../guard/state.ts';
import { ruleNameOf } from '../../guard/use.ts';
import { callerOf, NOBODY, type Payer } from '../memory/payer.ts';
import type { SharedBuckets } from './buckets.ts';
import type { Doings } from './doings.ts';
import type { GivenIds } from './ids.ts';
import { keyBy, keyOf, type Name, type Names } from './names.ts';
import type { Payers } from './payers.ts';

const MINUTE = 60_000;

interface Parts {
  readonly doings: Doings;
  readonly ids: GivenIds;
  readonly names: Names;
  readonly payers: Payers;
  readonly buckets: (name: string, span: number) => SharedBuckets;
}

/** Which ids each session was given: each a name of 64 bits in the list that its session has of the source. */
export class SharedServed {
  readonly #parts: Parts;
  readonly #linked = new Map<string, SharedBuckets>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether this caller was given every id, or may have it by its page. Uses nothing up. */
  check(claims: Claims, now: number): boolean {
    const caller = callerOf(claims);
    if (caller === NOBODY) return false;
    return claims.served.every((claim) => this.#has(caller, claim) || this.#mayLink(caller, claim, now));
  }

  /** After {@link check} at the same moment: what the page gave is given now. */
  apply(claims: Claims, now: number): void {
    const caller = callerOf(claims);
    for (const claim of claims.served) {
      if (this.#has(caller, claim)) continue;
      this.#linksOf(claim).set(caller, this.#afterLink(caller, claim, now));
      this.give(caller, claim.rule.number, [claim.id]);
    }
  }

  give(caller: Payer, source: number, ids: readonly string[]): void {
    const { doings, names, payers } = this.#parts;
    const by = caller === NOBODY ? null : payers.nameOf(caller);
    const what = names.of(ruleNameOf(source));
    const list = by === null ? 0 : doings.make(what, caller, { holdsIds: true });
    if (by === null || list === 0) return;
    this.#parts.ids.collect();
    for (const id of ids) this.#give(list, keyOf(keyBy(what, by), names.of(id)));
  }

  #give(list: number, key: Name): void {
    const { doings, ids } = this.#parts;
    // What is given again is the latest again.
    const known = ids.find(key);
    if (known !== 0) ids.cut(list, known);
    else if (doings.count(list) >= MOST_SERVED) ids.dropFirst(list);
    ids.append(list, known === 0 ? ids.make(key, list) : known);
  }

  #has(caller: Payer, { rule, id }: ServedClaim): boolean {
    const { ids, names, payers } = this.#parts;
    const by = payers.nameOf(caller);
    return by !== null && ids.find(keyOf(keyBy(names.of(rule.name), by), names.of(id))) !== 0;
  }

  #mayLink(caller: Payer, claim: ServedClaim, now: number): boolean {
    return claim.otherwise > 0 && this.#afterLink(caller, claim, now) - now <= MINUTE;
  }

  #afterLink(caller: Payer, claim: ServedClaim, now: number): number {
    return Math.max(this.#linksOf(claim).fullAt(caller, now), now) + MINUTE / claim.otherwise;
  }

  #linksOf({ rule, otherwise }: ServedClaim): SharedBuckets {
    const name = `${rule.name}, ${otherwise} linked`;
    const links = this.#linked.get(name) ?? this.#parts.buckets(name, MINUTE);
    this.#linked.set(name, links);
    return links;
  }
}
