import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { type Decision, wouldRefuse } from '../guard/decision.ts';
import { PROTOCOL } from '../wire/constants.ts';

export interface AssertionOptions {
  /** SALLYPORT_SECRET: instances that share it publish one key, and a restart keeps it. '' for a key of this process. */
  readonly secret: string;
  /** `iss`: the gate's public origin. */
  readonly issuer: string;
  /** `aud`: the backend's origin, as in `to`. */
  readonly audience: string;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
}

export interface Assertions {
  /** Value of Sallyport-Assertion for an admitted request; '' where a layer refused or would have (PROTOCOL 6.1). */
  fieldFor(decision: Decision): string;
  /** The public key as a JWK Set (RFC 7517 §5), for `{mount}/jwks.json`. */
  jwks(): { readonly keys: readonly object[] };
}

/** Seconds an assertion is good for, and milliseconds it is handed out again: half of that is always left. */
const LIFE_SECONDS = 60;
const REUSE_MILLISECONDS = 30_000;
/** Sessions remembered at once; beyond, all are signed anew. Some 5 MB. */
const MAX_REMEMBERED = 10_000;

/** PKCS #8 frame of an Ed25519 seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

interface Remembered {
  readonly token: string;
  readonly until: number;
}

/**
 * Signs what passed the gate for the backend behind it: a JWT (EdDSA, RFC 8037) with `iss`, `aud`, `iat`, `exp`, and
 * `session`, `level`, `client`. One signature costs as much as ten admissions, so a session's is used for 30 s.
 */
export function createAssertions(options: AssertionOptions): Assertions {
  const key = options.secret === '' ? generateKeyPairSync('ed25519').privateKey : deriveKey(options.secret);
  const jwk = publicJwk(key);
  const header = encode({ alg: 'EdDSA', kid: jwk.kid, typ: 'JWT' });
  let remembered = new Map<string, Remembered>();

  const signed = (decision: Decision, now: number): string => {
    const seconds = Math.floor(now / 1000);
    const claims = encode({
      iss: options.issuer,
      aud: options.audience,
      iat: seconds,
      exp: seconds + LIFE_SECONDS,
      session: decision.session === '' ? undefined : decision.session,
      level: decision.level,
      client: decision.client === '' ? undefined : decision.client,
    });
    const input = `${header}.${claims}`;
    return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
  };

  return {
    fieldFor(decision) {
      if (decision.outcome !== 'admit' || wouldRefuse(decision)) return '';
      const now = options.now();
      const name = `${decision.session} ${decision.level} ${decision.client}`;
      const known = remembered.get(name);
      // A clock set back must not keep an assertion alive: its age counts both ways.
      if (known !== undefined && now < known.until && known.until - now <= REUSE_MILLISECONDS) return known.token;
      if (remembered.size >= MAX_REMEMBERED) remembered = new Map();
      const token = signed(decision, now);
      remembered.set(name, { token, until: now + REUSE_MILLISECONDS });
      return token;
    },
    jwks: () => ({ keys: [jwk] }),
  };
}

function deriveKey(secret: string): KeyObject {
  const seed = hkdfSync('sha256', secret, '', `${PROTOCOL} assertion`, 32);
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, Buffer.from(seed)]), format: 'der', type: 'pkcs8' });
}

interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** `kid` is the key's thumbprint (RFC 7638), so it changes with the key and with nothing else. */
function publicJwk(key: KeyObject): PublicJwk {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('not an Ed25519 key');
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
