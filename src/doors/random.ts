import { randomFillSync } from 'node:crypto';

/** Gives `length` random bytes that nobody else gets. */
export type Random = (length: number) => Buffer;

const BATCH = 4096;

/**
 * Randomness in batches: one system call's worth serves hundreds of nonces (a single `randomBytes(16)` costs 1.4 µs).
 * Bytes are wiped from the batch as they are handed out.
 */
export function createRandom(fill: (bytes: Buffer) => void = randomFillSync): Random {
  const batch = Buffer.alloc(BATCH);
  let at = BATCH;
  return (length) => {
    const out = Buffer.alloc(length);
    if (length > BATCH) {
      fill(out);
      return out;
    }
    if (at + length > BATCH) {
      fill(batch);
      at = 0;
    }
    batch.copy(out, 0, at, at + length);
    batch.fill(0, at, at + length);
    at += length;
    return out;
  };
}
