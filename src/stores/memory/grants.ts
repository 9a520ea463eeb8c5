import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import type { Claims, RedirectGrant } from '../../guard/state.ts';
import { BoundedMap } from './bounded-map.ts';

/** No grant lives longer, whatever its giver says (PROTOCOL 3.11 asks for 30 s). */
export const LONGEST = 60_000;

interface Grant {
  readonly what: Buffer;
  /** Steady time. */
  readonly until: number;
}

/** Burnt proofs that may be sent once more, to the target that the upstream named (PROTOCOL 3.11). */
export class Grants {
  readonly #grants: BoundedMap<Grant>;

  constructor(capacity: number) {
    this.#grants = new BoundedMap(capacity);
  }

  get size(): number {
    return this.#grants.size;
  }

  /** `life`: milliseconds. */
  add(grant: RedirectGrant, now: number, life: number): void {
    if (!(life > 0)) return;
    const id = Buffer.from(grant.ticketId, 'base64url');
    if (id.length < 8) return;
    const what = digest(grant.redirectTarget, grant.signature);
    this.#grants.set(toKey(id.readUInt32BE(0), id.readUInt32BE(4), grant.nonce), {
      what,
      until: now + Math.min(life, LONGEST),
    });
  }

  /** Uses the grant up, or answers false and leaves it: a forged attempt must not cost the honest one. */
  take(claims: Claims, now: number): boolean {
    const key = toKey(claims.windowIdHigh, claims.windowIdLow, claims.nonce);
    const grant = this.#grants.get(key);
    if (grant === undefined || grant.until <= now) return false;
    if (!timingSafeEqual(grant.what, digest(claims.redirectTarget, claims.redirectSignature))) return false;
    this.#grants.delete(key);
    return true;
  }
}

function toKey(idHigh: number, idLow: number, nonce: number): string {
  return `${idHigh}.${idLow}.${nonce}`;
}

/** One fixed size for whatever targets and signatures there are, so that what is held is bounded in bytes too. */
export function digest(target: string, signature: string): Buffer {
  return hash('sha256', JSON.stringify([target, signature]), 'buffer');
}
