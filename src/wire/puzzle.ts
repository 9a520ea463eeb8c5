import { fromBase64url } from '../lib/base64url.ts';

/**
 * The puzzles of a proof of work, in the format of ALTCHA v2: find a counter for which PBKDF2 gives a key that begins with
 * certain digits. Several small ones in place of one: their sum varies less, so that nobody waits three times as long
 * as others, and what is wrong is mostly seen after one derivation.
 */
export interface Puzzle {
  readonly algorithm: 'PBKDF2/SHA-256';
  readonly cost: number;
  readonly keyLength: 32;
  /** One derivation in sixteen fits. */
  readonly keyPrefix: '0';
  /** Hex. */
  readonly nonce: string;
  readonly salt: string;
}

/** Counters are tried from 0 on: none needs more digits than this, or it was no search. */
export const MOST_TRIES = 100_000;

/** One puzzle of a challenge. The challenge's own random id is the nonce, the puzzle's number the salt. */
export function puzzleOf(id: string, cost: number, index: number): Puzzle {
  const nonce = Array.from(fromBase64url(id) ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');
  const salt = index.toString(16).padStart(32, '0');
  return { algorithm: 'PBKDF2/SHA-256', cost, keyLength: 32, keyPrefix: '0', nonce, salt };
}

/** Solutions travel as `12.7.33.1`. */
export function parseCounters(text: string, count: number): readonly number[] | null {
  const counters = text.split('.', count + 1);
  if (counters.length !== count || !counters.every((counter) => /^(?:0|[1-9]\d{0,5})$/.test(counter))) return null;
  const numbers = counters.map(Number);
  return numbers.every((counter) => counter < MOST_TRIES) ? numbers : null;
}
