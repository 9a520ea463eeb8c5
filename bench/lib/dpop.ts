import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type CryptoKey, type JWK, jwtVerify } from 'jose';

/**
 * What a careful developer writes to take DPoP on every request (RFC 9449 §4.3, RFC 9068), with jose and nothing
 * spare: both tokens verified, bound to each other and to the request, each proof taken once.
 */
export function createDpopCheck(issuerKey: CryptoKey, expected: { issuer: string; audience: string }) {
  let current = new Set<string>();
  let previous = new Set<string>();
  return async function check(method: string, url: string, authorization: string, proof: string): Promise<boolean> {
    if (!authorization.startsWith('DPoP ')) return false;
    const token = authorization.slice(5);
    const access = await jwtVerify(token, issuerKey, { ...expected, typ: 'at+jwt', algorithms: ['ES256'] });
    const options = { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: 60, clockTolerance: 5 };
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, options);
    if (payload['htm'] !== method || payload['htu'] !== url) return false;
    if (payload['ath'] !== createHash('sha256').update(token).digest('base64url')) return false;
    const bound = access.payload['cnf'];
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
    if (typeof bound !== 'object' || bound === null || !('jkt' in bound) || bound.jkt !== thumbprint) return false;
    const jti = payload.jti ?? '';
    if (jti === '' || jti.length > 64 || current.has(jti) || previous.has(jti)) return false;
    if (current.size >= 100_000) {
      previous = current;
      current = new Set();
    }
    current.add(jti);
    return true;
  };
}

export const DPOP = { issuer: 'https://issuer.example', audience: 'https://api.example' } as const;

/** Public halves travel to the server as JSON. */
export interface DpopSettings {
  readonly issuerKey: JWK;
}
