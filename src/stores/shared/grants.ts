import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import type { Claims, RedirectGrant } from '../../guard/state.ts';
import { digest, LONGEST } from '../memory/grants.ts';
import type { Name } from './names.ts';
import type { Ring } from './ring.ts';

const UNTIL = 4;
const WHAT = 6;
const WHAT_WORDS = 8;
const WORD = 2 ** 32;

/** Burnt proofs that may be sent once more, to the target that the upstream named (PROTOCOL 3.11). */
export class SharedGrants {
  readonly #grants: Ring;

  constructor(grants: Ring) {
    this.#grants = grants;
  }

  /** `life`: milliseconds. */
  add(grant: RedirectGrant, now: number, life: number): void {
    if (!(life > 0)) return;
    const id = Buffer.from(grant.ticketId, 'base64url');
    if (id.length < 8) return;
    const { high, low } = keyFor(id.readUInt32BE(0), id.readUInt32BE(4), grant.nonce);
    const slot = this.#grants.find(high, low) || this.#grants.put(high, low);
    const what = digest(grant.redirectTarget, grant.signature);
    this.#grants.records.setFloat(slot, UNTIL, now + Math.min(life, LONGEST));
    for (let word = 0; word < WHAT_WORDS; word += 1)
      this.#grants.records.set(slot, WHAT + word, what.readUInt32BE(4 * word));
  }

  /** Uses the grant up, or answers false and leaves it: a forged attempt must not cost the honest one. */
  take(claims: Claims, now: number): boolean {
    const { high, low } = keyFor(claims.windowIdHigh, claims.windowIdLow, claims.nonce);
    const slot = this.#grants.find(high, low);
    if (slot === 0 || this.#grants.records.float(slot, UNTIL) <= now) return false;
    const what = Buffer.alloc(4 * WHAT_WORDS);
    for (let word = 0; word < WHAT_WORDS; word += 1)
      what.writeUInt32BE(this.#grants.records.get(slot, WHAT + word), 4 * word);
    if (!timingSafeEqual(what, digest(claims.redirectTarget, claims.redirectSignature))) return false;
    this.#grants.remove(slot);
    return true;
  }
}

/** Tickets’ ids are drawn by the server: those of two counters of one ticket are as far apart as the counters. */
function keyFor(idHigh: number, idLow: number, nonce: number): Name {
  return {
    high: (idHigh ^ Math.imul(Math.floor(nonce / WORD), 0x9e3779b1)) >>> 0,
    low: (idLow ^ Math.imul(nonce >>> 0, 0x85ebca77)) >>> 0,
  };
}
