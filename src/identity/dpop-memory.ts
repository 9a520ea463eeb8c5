import { hash } from 'node:crypto';
import type { Random } from '../doors/random.ts';
import type { Clock } from '../lib/clock.ts';

/** Nonces that are good now, and the proofs that were made with them. */
export interface DpopMemory {
  /** The nonce that new proofs are to carry. */
  nonce(): string;
  /** Uses a proof up. `stale`: not with a nonce that is good now. `replayed`: used before. */
  use(nonce: string, proof: string): 'used' | 'stale' | 'replayed';
  /** Takes back that it was used. */
  release(nonce: string, proof: string): void;
}

interface Period {
  readonly nonce: string;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly used: Set<string>;
}

/** A nonce is handed out for so long, and accepted for as long again. */
const PERIOD_MS = 120_000;
/** Proofs of one period. When they are used up the next period begins early: nothing is forgotten that could come again. */
const MAX_PROOFS = 100_000;

/**
 * Nonces are drawn at random, one a period, and die with the process: a proof that was used before a restart is worth
 * nothing after it. A proof is remembered with its nonce, so that neither outlives the other.
 */
export function createDpopMemory(clock: Clock, random: Random, maxProofs = MAX_PROOFS): DpopMemory {
  let current = begin();
  let previous: Period | null = null;

  function begin(): Period {
    const time = Math.floor(clock.wall() / 1000).toString(36);
    return { nonce: `${time}.${random(16).toString('base64url')}`, since: clock.monotonic(), used: new Set() };
  }

  function turn(): void {
    const age = clock.monotonic() - current.since;
    if (previous !== null && clock.monotonic() - previous.since > 2 * PERIOD_MS) previous = null;
    if (age < PERIOD_MS && current.used.size < maxProofs) return;
    previous = age < 2 * PERIOD_MS ? current : null;
    current = begin();
  }

  return {
    nonce() {
      turn();
      return current.nonce;
    },
    use(nonce, proof) {
      turn();
      const period = [current, previous].find((one) => one?.nonce === nonce) ?? null;
      if (period === null || period.used.size >= 2 * maxProofs) return 'stale';
      const id = idOf(proof);
      if (period.used.has(id)) return 'replayed';
      period.used.add(id);
      return 'used';
    },
    release(nonce, proof) {
      for (const period of [current, previous]) if (period?.nonce === nonce) period.used.delete(idOf(proof));
    },
  };
}

const idOf = (proof: string): string => hash('sha256', proof, 'base64url').slice(0, 22);
