import { createHash, randomBytes } from 'node:crypto';

/**
 * The gate's key: a configured secret is text of whatever length, and 32 bytes are wanted. Random for ''.
 *
 * Throws TypeError for a secret under 32 characters.
 */
export function toKey(secret: string): Buffer {
  if (secret === '') return randomBytes(32);
  if (secret.length < 32) throw new TypeError('SALLYPORT_SECRET: at least 32 characters, drawn at random');
  return createHash('sha256').update(secret).digest();
}
