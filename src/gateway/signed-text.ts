import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Signal } from '../guard/signals.ts';

/** Texts that gates of one secret leave for each other in a store that vouches for nothing. */
export interface SignedTexts {
  /** Gates under another secret that share the store have one of their own. */
  readonly name: string;
  seal(text: string): string;
  /** Null where no gate of this secret has written it. */
  open(signal: Signal): string | null;
}

const MAC_CHARACTERS = 43;

/** @param purpose what the texts are about: one that was signed for one thing is nothing elsewhere */
export function createSignedTexts(secret: string, purpose: 'switch' | 'past'): SignedTexts {
  const info = purpose === 'switch' ? 'sallyport switches' : 'sallyport past';
  const key = Buffer.from(hkdfSync('sha256', secret, '', info, 32));
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  return {
    name: `${purpose} ${createHmac('sha256', key).update('name').digest('hex').slice(0, 16)}`,
    seal: (text) => sign(text) + text,
    open({ text: kept }) {
      const text = kept.slice(MAC_CHARACTERS);
      const wanted = Buffer.from(sign(text));
      const given = Buffer.from(kept.slice(0, MAC_CHARACTERS));
      return given.length === wanted.length && timingSafeEqual(given, wanted) ? text : null;
    },
  };
}
