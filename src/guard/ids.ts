import { makeTypeable } from '../lib/typeable.ts';

/** Fills a buffer with random bytes, as `crypto.getRandomValues` does. */
export type Random = (bytes: Buffer) => void;

const POOL_IDS = 256;
const ID_BYTES = 12;

/**
 * Decision ids: 96 random bits, 16 characters base64url. Drawn in batches, because one system call for each
 * would cost as much as the signature check.
 */
export function createIds(random: Random): () => string {
  const pool = Buffer.alloc(POOL_IDS * ID_BYTES);
  let offset = pool.length;
  return function nextId(): string {
    if (offset === pool.length) {
      random(pool);
      offset = 0;
    }
    makeTypeable(pool, offset);
    offset += ID_BYTES;
    return pool.toString('base64url', offset - ID_BYTES, offset);
  };
}
