import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { Decision } from '../guard/decision.ts';
import type { KeyFacts, Subject } from '../guard/subject.ts';
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

/** What of a decision an assertion tells. */
export type Asserted = Pick<Decision, 'outcome' | 'trail' | 'session' | 'level' | 'client' | 'subject' | 'key'>;

export interface Assertions {
  /** Value of Sallyport-Assertion for an admitted request; '' where a layer refused or would have (PROTOCOL 6.1). */
  fieldFor(decision: Asserted): string;
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
 * `session`, `level`, `client`; of a person `sub`, `source`, `roles`, `scope` and how they logged in, of a key `key`
 * and `account`. One signature costs as much as ten admissions, so a session's is used for 30 s.
 */
export function createAssertions(options: AssertionOptions): Assertions {
  const key = options.secret === '' ? generateKeyPairSync('ed25519').privateKey : deriveKey(options.secret);
  const jwk = publicJwk(key);
  const header = encode({ alg: 'EdDSA', kid: jwk.kid, typ: 'JWT' });
  let remembered = new Map<string, Remembered>();

  const signed = (decision: Asserted, now: number): string => {
    const seconds = Math.floor(now / 1000);
    const claims = encode({
      iss: options.issuer,
      aud: options.audience,
      iat: seconds,
      exp: seconds + LIFE_SECONDS,
      session: decision.session === '' ? undefined : decision.session,
      level: decision.level,
      client: decision.client === '' ? undefined : decision.client,
      ...(decision.subject === null ? {} : ofPerson(decision.subject)),
      ...(decision.key === null ? {} : ofKey(decision.key, decision.subject)),
    });
    const input = `${header}.${claims}`;
    return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
  };

  return {
    fieldFor(decision) {
      if (decision.outcome !== 'admit' || decision.trail.length > 0) return '';
      const now = options.now();
      const name = nameOf(decision);
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

/** Everything that an assertion says: what differs in any of it is another one. */
function nameOf({ session, level, client, subject, key }: Asserted): string {
  const page = `${session} ${level} ${client}`;
  if (subject === null && key === null) return page;
  const person = subject === null ? '' : nameOfPerson(subject);
  return `${page} ${person} ${key === null ? '' : JSON.stringify(ofKey(key, subject))}`;
}

const names = new WeakMap<Subject, string>();

/** Subjects are kept while their login is, so this is mostly looked up. */
function nameOfPerson(subject: Subject): string {
  const known = names.get(subject);
  if (known !== undefined) return known;
  const name = JSON.stringify(ofPerson(subject));
  names.set(subject, name);
  return name;
}

/** Claims as their standards call them (RFC 8693 §4.2 `scope`, OpenID Connect Core §2). What is not known is left out. */
function ofPerson({ id, source, roles, scopes, acr, amr, authTime }: Subject) {
  return {
    sub: id,
    source,
    roles: roles.length === 0 ? undefined : roles,
    scope: scopes.length === 0 ? undefined : scopes.join(' '),
    acr: acr === '' ? undefined : acr,
    amr: amr.length === 0 ? undefined : amr,
    auth_time: authTime === 0 ? undefined : Math.floor(authTime),
  };
}

/** A key is nobody (R69): it never gets a `sub`. Beside a person its scopes stay its own. */
function ofKey({ id, account, scopes }: KeyFacts, subject: Subject | null) {
  const own = scopes.length === 0 ? undefined : scopes.join(' ');
  return subject === null ? { key: id, account, scope: own } : { key: id, account };
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
