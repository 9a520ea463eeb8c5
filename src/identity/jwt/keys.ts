import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { calculateJwkThumbprint, type CryptoKey, importJWK, type JWK } from 'jose';
import type { JwtAlgorithm, JwtConfig } from '../../guard/config-jwt.ts';
import { ConfigError } from '../../guard/errors.ts';
import { parseStrictObject } from '../../lib/strict-json.ts';
import type { Eventually } from '../../lib/eventually.ts';
import { algorithmOf, isSame, PRIVATE_MEMBERS } from './algorithms.ts';
import { type Fault, fault, quote } from './fault.ts';

/** A key and the one algorithm it is used with (RFC 8725 §3.1). */
export interface VerifyKey {
  readonly alg: JwtAlgorithm;
  /** '' where the key has no name. */
  readonly kid: string;
  readonly key: CryptoKey | Uint8Array;
  /** What tells it from other keys. */
  readonly thumbprint: string;
  /** True once its issuer has taken it back: tokens that it signed are worthless. */
  gone: boolean;
}

/** Where the keys of one issuer come from. */
export interface KeySource {
  /**
   * The key for tokens of this header.
   * @param issuedAt seconds since 1970 as the token says it, 0 where it does not
   */
  find(alg: string, kid: string | undefined, issuedAt: number): Eventually<VerifyKey | Fault>;
  /** Whether what is known of the keys is young enough to go by. Called for each request: at once wherever possible. */
  isCurrent(): Eventually<boolean>;
}

/** RSA keys outside of these are weak, or cost more than a login is worth. */
const RSA_BITS = { least: 2048, most: 8192 };

/** A public key of an issuer as this gate uses it; null for one that it cannot use. Never throws. */
export async function toVerifyKey(jwk: JWK, allowed: readonly JwtAlgorithm[] | undefined): Promise<VerifyKey | null> {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE_MEMBERS.some((name) => name in jwk)) return null;
  if (jwk.use !== undefined && jwk.use !== 'sig') return null;
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) return null;
  const alg = algorithmOf(jwk, allowed);
  if (alg === null || !hasGoodLength(jwk)) return null;
  try {
    const { kty, crv, x, y, n, e } = jwk;
    const plain = Object.fromEntries(
      Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
    );
    const key = await importJWK(plain, alg);
    const thumbprint = await calculateJwkThumbprint(plain);
    return { alg, kid: typeof jwk.kid === 'string' ? jwk.kid : '', key, thumbprint, gone: false };
  } catch {
    return null;
  }
}

function hasGoodLength({ kty, n, e }: JWK): boolean {
  if (kty !== 'RSA') return true;
  const modulus = Buffer.from(String(n), 'base64url');
  const bits = (modulus.length - 1) * 8 + (32 - Math.clz32(modulus[0] ?? 0));
  // A long exponent makes each check cost a thousand times as much.
  return bits >= RSA_BITS.least && bits <= RSA_BITS.most && Buffer.from(String(e), 'base64url').length <= 4;
}

/** The one key of an issuer that has no key set. It stays what it is until a restart. */
export async function createFixedKey(config: JwtConfig, field: string): Promise<KeySource> {
  const key = config.secret === undefined ? await publicKey(config, field) : sharedKey(config, config.secret);
  return {
    find: (alg) => (isSame(alg, key.alg) ? key : fault(`alg: ${quote(alg)}, and the key is for ${key.alg}`)),
    isCurrent: () => true,
  };
}

function sharedKey(config: JwtConfig, secret: string): VerifyKey {
  const [alg = 'HS256'] = config.algorithms ?? [];
  return { alg, kid: '', key: Buffer.from(secret), thumbprint: '', gone: false };
}

async function publicKey({ publicKey: written = '', algorithms }: JwtConfig, field: string): Promise<VerifyKey> {
  const fail = (rule: string): never => {
    throw new ConfigError('config', [{ field: `${field}.publicKey`, value: 'a key that cannot be used', rule }]);
  };
  const text = await readKeyText(written, `${field}.publicKey`);
  if (/PRIVATE KEY-----/.test(text))
    fail('this is a private key; it belongs with the issuer alone. Write the public half');
  const jwk = toJwk(text, 'public');
  if (jwk === null) return fail('write a PEM or JWK file, or its text');
  if (PRIVATE_MEMBERS.some((name) => name in jwk)) fail('this is a private key, or a secret; write the public half');
  const key = await toVerifyKey(jwk, algorithms);
  return (
    key ?? fail('write an RSA key of 2048 to 8192 bits, a P-256, P-384 or P-521 key, or Ed25519; fit for its algorithm')
  );
}

/** Text of a key that stands in the configuration itself or in the file that it names. Throws ConfigError. */
export async function readKeyText(written: string, field: string): Promise<string> {
  if (/-----BEGIN|^\s*\{/.test(written)) return written;
  try {
    return await readFile(written, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError('config', [
      { field, value: JSON.stringify(written), rule: `this file cannot be read (${why})` },
    ]);
  }
}

/** PEM or JWK text as JWK; null for what is neither. */
export function toJwk(text: string, half: 'public' | 'private'): JWK | null {
  if (/^\s*\{/.test(text)) return parseStrictObject(text) as JWK | null;
  try {
    const key: KeyObject = half === 'public' ? createPublicKey(text) : createPrivateKey(text);
    return key.export({ format: 'jwk' }) as JWK;
  } catch {
    return null;
  }
}
