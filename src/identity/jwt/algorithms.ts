import type { JWK } from 'jose';
import type { JwtAlgorithm } from '../../guard/config-jwt.ts';

interface AlgorithmRow {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct';
  /** '' where the key type has no curves. */
  readonly crv: string;
}

/** Signature algorithms by the key that they take (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). There is no `none`. */
const ROWS: Readonly<Record<JwtAlgorithm, AlgorithmRow>> = {
  RS256: { kty: 'RSA', crv: '' },
  RS384: { kty: 'RSA', crv: '' },
  RS512: { kty: 'RSA', crv: '' },
  PS256: { kty: 'RSA', crv: '' },
  PS384: { kty: 'RSA', crv: '' },
  PS512: { kty: 'RSA', crv: '' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  HS256: { kty: 'oct', crv: '' },
  HS384: { kty: 'oct', crv: '' },
  HS512: { kty: 'oct', crv: '' },
};

/** For keys of which nothing is said, in the order of preference. */
const DEFAULTS: readonly JwtAlgorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Asymmetric ones: what a proof of possession may be made with. */
export const ASYMMETRIC: ReadonlySet<string> = new Set(Object.keys(ROWS).filter((name) => !name.startsWith('HS')));

/** Members of keys that only their owner may have (RFC 7518 §6, RFC 8037 §2). */
export const PRIVATE_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The one algorithm that a public key is used with: the key says it, else the configuration does, else its type. Null
 * where none fits; secrets in a set of public keys fit none.
 */
export function algorithmOf(jwk: JWK, allowed: readonly JwtAlgorithm[] | undefined): JwtAlgorithm | null {
  const fits = (name: JwtAlgorithm): boolean => {
    const { kty, crv } = ROWS[name];
    return kty !== 'oct' && kty === jwk.kty && (crv === '' || crv === jwk.crv);
  };
  if (jwk.alg === undefined) return (allowed ?? DEFAULTS).find(fits) ?? null;
  const named = (Object.keys(ROWS) as JwtAlgorithm[]).find((name) => name === jwk.alg);
  if (named === undefined || !fits(named)) return null;
  return allowed === undefined || allowed.some((name) => isSame(name, named)) ? named : null;
}

/** `Ed25519` is the new name of what `EdDSA` means here (RFC 9864 §2.2); all others are called by one name. */
export function isSame(a: string, b: string): boolean {
  return a === b || (isEdwards(a) && isEdwards(b));
}

const isEdwards = (name: string): boolean => name === 'EdDSA' || name === 'Ed25519';
