import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { KnownKey } from '../guard/keys.ts';
import type { KeyMaterial } from '../guard/records-keys.ts';
import { type KeyKind, parseKey } from '../wire/key.ts';

/** Seals what lies in records; src/identity/vault.ts. */
export interface Sealer {
  seal(purpose: string, name: string, content: Uint8Array): Buffer;
  open(purpose: string, name: string, sealed: Uint8Array): Buffer | null;
}

/** Under which HMAC keys are sealed, each by its id. */
const SEALED = 'api key';

/** PKCS #8 frame of an Ed25519 seed (RFC 8410 §7), and the frame of a public key (RFC 8410 §4). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;

type Checks = Pick<KnownKey, 'matches' | 'verify'>;

/** SHA-256 of a whole key, base64url: all that records know of a bearer key. */
export const hashOfKey = (text: string): string => createHash('sha256').update(text).digest('base64url');

export function ed25519Of(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** Raw public half, base64url, of a private or public key. Throws TypeError for keys of other kinds. */
export function publicHalf(key: KeyObject): string {
  const { crv, x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (crv !== 'Ed25519' || typeof x !== 'string') throw new TypeError('not an Ed25519 key');
  return x;
}

/**
 * Raw public half, base64url, of what a partner brings: 32 bytes in base64url or base64, a PEM, or a JWK (RFC 8037). Null
 * for anything else, private keys among it.
 */
export function readPublicKey(text: string): string | null {
  const trimmed = text.trim();
  try {
    if (trimmed.startsWith('-----BEGIN PUBLIC KEY-----')) return publicHalf(createPublicKey(trimmed));
    if (trimmed.startsWith('{')) return fromJwk(JSON.parse(trimmed));
    const raw = Buffer.from(trimmed, 'base64');
    if (!/^[\w+/-]{43}=?$/.test(trimmed) || raw.length !== PUBLIC_BYTES) return null;
    return publicHalf(fromRaw(raw));
  } catch {
    return null;
  }
}

function fromJwk(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || 'd' in value || !('x' in value)) return null;
  if (!('crv' in value) || value.crv !== 'Ed25519' || typeof value.x !== 'string') return null;
  return publicHalf(createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: value.x }, format: 'jwk' }));
}

const fromRaw = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });

export function sealHmacKey(sealer: Sealer, id: string, secret: Uint8Array): Buffer {
  return sealer.seal(SEALED, id, secret);
}

/** What a stored key is checked by. One that cannot be read opens nothing. */
export function toChecks(id: string, material: KeyMaterial, sealer: Sealer): Checks {
  switch (material.kind) {
    case 'bearer':
      return bearer(Buffer.from(material.hash, 'base64url'));
    case 'ed25519':
      return ed25519(Buffer.from(material.publicKey, 'base64url'));
    case 'hmac':
      return hmac(sealer.open(SEALED, id, material.sealed));
  }
}

function bearer(hash: Buffer): Checks {
  return {
    matches: (text) => equal(createHash('sha256').update(text).digest(), hash),
    verify: () => false,
  };
}

function ed25519(raw: Buffer): Checks {
  if (raw.length !== PUBLIC_BYTES) return NOTHING;
  const key = fromRaw(raw);
  return {
    matches: (text) => {
      const secret = secretIn(text, 'ed25519');
      return secret !== null && publicHalf(ed25519Of(secret)) === raw.toString('base64url');
    },
    verify(base, signature) {
      const bytes = Buffer.from(signature, 'base64');
      return bytes.length === SIGNATURE_BYTES && verify(null, Buffer.from(base, 'latin1'), key, bytes);
    },
  };
}

function hmac(secret: Buffer | null): Checks {
  if (secret === null) return NOTHING;
  return {
    matches: (text) => {
      const shown = secretIn(text, 'hmac');
      return shown !== null && equal(shown, secret);
    },
    verify: (base, signature) =>
      equal(createHmac('sha256', secret).update(base, 'latin1').digest(), Buffer.from(signature, 'base64')),
  };
}

const NOTHING: Checks = { matches: () => false, verify: () => false };

function secretIn(text: string, kind: KeyKind): Uint8Array | null {
  const parsed = parseKey(text);
  return parsed === null || parsed === 'typo' || parsed.kind !== kind ? null : parsed.secret;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
