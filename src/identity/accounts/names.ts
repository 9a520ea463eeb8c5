import { createHmac, hkdfSync } from 'node:crypto';

/** Names as records and counters may hold them: people type passwords into the field for names. */
export type Pseudonym = (kind: string, text: string) => string;

export function createPseudonym(secret: string): Pseudonym {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'sallyport/1 account pseudonyms', 32));
  return (kind, text) => createHmac('sha256', key).update(`${kind}\0${text}`).digest('base64url').slice(0, 27);
}
