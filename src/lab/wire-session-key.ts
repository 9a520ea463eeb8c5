import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { toBase64url } from '../lib/base64url.ts';
import { sessionProof } from '../wire/entry.ts';

/** The key of one client's bound sessions (docs/protocol.md §2.4). */
export interface SessionKey {
  /** Members of an entry request that show it. Makes it at first use. */
  prove(seen: Parameters<typeof sessionProof>[0]): object;
}

export function createSessionKey(): SessionKey {
  let pair: { readonly raw: Uint8Array; readonly key: KeyObject } | null = null;
  return {
    prove(seen) {
      pair ??= newPair();
      const signature = sign('sha256', sessionProof(seen), { key: pair.key, dsaEncoding: 'ieee-p1363' });
      return { sessionKey: toBase64url(pair.raw), sessionSignature: toBase64url(signature) };
    },
  };
}

function newPair(): { raw: Uint8Array; key: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const raw = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { raw, key: privateKey };
}
