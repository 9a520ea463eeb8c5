import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';

/** What the names stand for, each under a key of its own. */
export type Purpose = 'state' | 'shares' | 'ledger';

/**
 * A keyed digest for what stands in a server in place of addresses, people and ids. The key is derived from the gate's secret
 * (HKDF, RFC 5869) for one purpose: what stands in one place says nothing of another, nor of the secret.
 *
 * @param secret the same in all gates that share the server
 */
export function createHidden(secret: string | Uint8Array, purpose: Purpose): (text: string) => Buffer {
  // A key object: made of bytes for each name, the key would cost five times the digest.
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `sallyport redis ${purpose}`, 32)));
  return (text) => createHmac('sha256', key).update(text).digest();
}
