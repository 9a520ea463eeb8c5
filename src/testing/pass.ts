import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { toBase64url } from '../lib/base64url.ts';
import { formatPassBase, TEST_PASS_MOST_SECONDS } from '../wire/test-pass.ts';

export interface TestPassOptions {
  /** Private key of the tests, Ed25519: PEM (PKCS #8). From the environment of the tests alone. */
  readonly key: string | KeyObject;
  /** Seconds the pass is good for, 24 h at most. Default 3600. */
  readonly life?: number;
  /** Authority of the gate that it is for: `staging.example`. Default: any that trusts its key. */
  readonly authority?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A pass for the field `Sallyport-Test-Pass`. Throws TypeError for another kind of key, RangeError for a longer life. */
export function createTestPass({ key, life = 3600, authority = '', now = Date.now }: TestPassOptions): string {
  if (!Number.isSafeInteger(life) || life <= 0 || life > TEST_PASS_MOST_SECONDS) {
    throw new RangeError(`a test pass lives at most ${TEST_PASS_MOST_SECONDS} s`);
  }
  const own = typeof key === 'string' ? createPrivateKey(key) : key;
  if (own.asymmetricKeyType !== 'ed25519') throw new TypeError('key: not an Ed25519 private key');
  const issued = Math.floor(now() / 1000);
  const base = formatPassBase({ issued, expires: issued + life, authority });
  return `${base}.${toBase64url(sign(null, Buffer.from(base), own))}`;
}

/** A new key pair for tests: the private half for them, the public half for the configuration of gates that they test. */
export function createTestKey(): { readonly privateKey: string; readonly publicKey: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: createPublicKey(pair.privateKey).export({ type: 'spki', format: 'pem' }).toString(),
  };
}
