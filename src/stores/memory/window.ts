import { WINDOW_SIZE } from '../../wire/constants.ts';

/**
 * A sliding window over counters (RFC 4303 §3.4.3) as a ring of bits (RFC 6479): nothing is ever shifted, a counter's
 * bit is its remainder. It takes {@link WINDOW_WORDS} words from `base` on: the highest counter in two, then the ring.
 */
export const WINDOW_WORDS = 2 + WINDOW_SIZE / 32;

const RING = 2;
const RING_MASK = WINDOW_SIZE - 1;
const WORD = 2 ** 32;

export type WindowAnswer = '' | 'replayed' | 'stale-nonce';

/**
 * Takes a counter (a safe integer from 1 on) or says why not; changes nothing unless it takes it. With `repeatable`
 * a counter that was taken may be taken again.
 */
export function takeCounter(words: Uint32Array, base: number, counter: number, repeatable: boolean): WindowAnswer {
  const highest = (words[base] ?? 0) * WORD + (words[base + 1] ?? 0);
  const at = base + RING + ((counter & RING_MASK) >>> 5);
  const bit = 1 << (counter & 31);
  if (counter > highest) {
    forget(words, base, highest, counter);
    words[base] = Math.floor(counter / WORD);
    words[base + 1] = counter >>> 0;
    words[at] = (words[at] ?? 0) | bit;
    return '';
  }
  if (counter <= highest - WINDOW_SIZE) return 'stale-nonce';
  const word = words[at] ?? 0;
  if ((word & bit) !== 0) return repeatable ? '' : 'replayed';
  words[at] = word | bit;
  return '';
}

/** What {@link takeCounter} would say. */
export function lookAtCounter(words: Uint32Array, base: number, counter: number): WindowAnswer {
  const highest = (words[base] ?? 0) * WORD + (words[base + 1] ?? 0);
  if (counter > highest) return '';
  if (counter <= highest - WINDOW_SIZE) return 'stale-nonce';
  return isTaken(words, base, counter) ? 'replayed' : '';
}

/** Whether the counter lies in the window and has been taken. */
export function isTaken(words: Uint32Array, base: number, counter: number): boolean {
  const highest = (words[base] ?? 0) * WORD + (words[base + 1] ?? 0);
  if (counter > highest || counter <= highest - WINDOW_SIZE) return false;
  return ((words[base + RING + ((counter & RING_MASK) >>> 5)] ?? 0) & (1 << (counter & 31))) !== 0;
}

/** Clears the bits of the counters between: they still stand for counters that now fall out of the window. */
function forget(words: Uint32Array, base: number, highest: number, counter: number): void {
  const skipped = counter - highest - 1;
  if (skipped <= 0) return;
  if (skipped >= WINDOW_SIZE) {
    words.fill(0, base + RING, base + RING + WINDOW_SIZE / 32);
    return;
  }
  let position = (highest + 1) & RING_MASK;
  for (let left = skipped; left > 0; ) {
    const offset = position & 31;
    const count = Math.min(32 - offset, left);
    const mask = count === 32 ? -1 : ((1 << count) - 1) << offset;
    const at = base + RING + (position >>> 5);
    words[at] = (words[at] ?? 0) & ~mask;
    position = (position + count) & RING_MASK;
    left -= count;
  }
}
