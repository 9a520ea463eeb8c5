import { hash } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import type { Random } from '../doors/random.ts';
import type { Context } from '../guard/layer.ts';
import type { RequestView } from '../guard/view.ts';
import type { Clock } from '../lib/clock.ts';
import { createDpopMemory } from './dpop-memory.ts';
import { ASYMMETRIC, PRIVATE_MEMBERS } from './jwt/algorithms.ts';
import { type Compact, readSigned, splitToken } from './jwt/compact.ts';
import { Fault, quote } from './jwt/fault.ts';

/** DPoP proofs (RFC 9449): that whoever shows a bound token holds its key. */
export interface Dpop {
  check(request: RequestView, context: Context, bound: BoundToken): Promise<DpopAnswer>;
  /** Takes back that the proof of this request was used: the page's script sends the same one again by itself. */
  release(context: Context): void;
}

export interface BoundToken {
  readonly token: string;
  /** SHA-256 thumbprint of the key (RFC 7638), from the token's `cnf`. */
  readonly jkt: string;
}

export interface DpopAnswer {
  /** Which rule the proof broke, for the record; '' where it held and was used up. */
  readonly broken: string;
  /** Whether the same proof would do with the nonce. */
  readonly wantsNonce: boolean;
  /** For DPoP-Nonce; '' where the client has the current one. */
  readonly nonce: string;
}

export interface DpopParts {
  readonly clock: Clock;
  readonly random: Random;
}

const MAX_PROOF = 4096;
const MAX_JTI = 128;

/**
 * Every proof carries a nonce of ours, which says when it was made: so a client's wrong clock refuses nobody, and what
 * was made in advance dies with the nonce (RFC 9449 §8, §9, §11.1–11.3).
 */
export function createDpop({ clock, random }: DpopParts): Dpop {
  const memory = createDpopMemory(clock, random);
  const used = new WeakMap<Context, { readonly nonce: string; readonly proof: string }>();
  const failed = (broken: string): DpopAnswer => ({ broken, wantsNonce: false, nonce: '' });

  return {
    async check(request, context, { token, jkt }) {
      const proof = singleField(request.fields, 'dpop');
      if (proof === null) return failed('not exactly one header');
      const compact = readProof(proof);
      if (typeof compact === 'string') return failed(compact);
      const jwk = compact.header['jwk'] as JWK;
      // First, so that no key but the one that the issuer vouched for is worked with.
      if ((await thumbprintOf(jwk)) !== jkt) return failed('jkt: another key than the token’s');
      const broken = claimsFault(compact.claims, request, context, token);
      if (broken !== '') return failed(broken);
      if (!(await holds(proof, jwk, String(compact.header['alg'])))) return failed('signature: does not hold');
      const { nonce, jti } = compact.claims;
      const shown = { nonce: String(nonce ?? ''), proof: `${jkt}.${String(jti)}` };
      const result = memory.use(shown.nonce, shown.proof);
      if (result === 'replayed') return failed('jti: seen before');
      const current = memory.nonce();
      if (result === 'stale') return { broken: 'nonce: none, or an old one', wantsNonce: true, nonce: current };
      used.set(context, shown);
      return { broken: '', wantsNonce: false, nonce: nonce === current ? '' : current };
    },
    release(context) {
      const shown = used.get(context);
      if (shown !== undefined) memory.release(shown.nonce, shown.proof);
    },
  };
}

/** The proof taken apart, or which rule it breaks (RFC 9449 §4.3, items 2 to 7). */
function readProof(proof: string): Compact | string {
  const parts = proof.length > MAX_PROOF ? null : splitToken(proof);
  if (parts?.length !== 3) return 'form: no signed token';
  const compact = readSigned(proof, parts);
  if (compact instanceof Fault) return compact.rule;
  const { typ, alg, jwk } = compact.header;
  if (typ !== 'dpop+jwt') return `typ: ${quote(typ)}`;
  if (typeof alg !== 'string' || !ASYMMETRIC.has(alg)) return `alg: ${quote(alg)}`;
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'jwk: missing';
  return PRIVATE_MEMBERS.some((name) => name in jwk) ? 'jwk: a private key' : compact;
}

/** Items 8 to 12, but for what takes the key. */
function claimsFault(claims: Compact['claims'], request: RequestView, context: Context, token: string): string {
  const { htm, htu, ath, jti, iat } = claims;
  if (htm !== request.method) return `htm: ${quote(htm)}`;
  if (!isTarget(htu, request, context)) return `htu: ${quote(htu)}`;
  if (ath !== hash('sha256', token, 'base64url')) return 'ath: of another token';
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return 'jti: not 1 to 128 characters';
  return typeof iat === 'number' ? '' : 'iat: missing';
}

/** Whether `htu` is the address of this request without query and fragment, both normalised (RFC 3986 §6.2). */
function isTarget(htu: unknown, request: RequestView, { policy, authority, secure }: Context): boolean {
  const named = typeof htu === 'string' && htu.length <= 2048 ? URL.parse(htu) : null;
  const own = URL.parse(`${secure ? 'https' : 'http'}://${authority}${request.path}`);
  if (named === null || own === null || named.username !== '' || named.password !== '') return false;
  // Behind a proxy that ends TLS only the public origin is known for sure.
  const origin =
    named.origin === own.origin || (policy.ownOrigins.has(named.origin) && named.hostname === own.hostname);
  return origin && normalPath(named.pathname) === normalPath(own.pathname);
}

/** Escapes of unreserved characters undone, the others in upper case (RFC 3986 §6.2.2). */
function normalPath(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase();
  });
}

async function thumbprintOf(jwk: JWK): Promise<string> {
  try {
    return await calculateJwkThumbprint(jwk);
  } catch {
    return '';
  }
}

async function holds(proof: string, jwk: JWK, alg: string): Promise<boolean> {
  try {
    const { kty, crv, x, y, n, e } = jwk;
    const plain = Object.fromEntries(
      Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
    );
    await compactVerify(proof, await importJWK(plain, alg), { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}

/** Null where it is missing or came twice (item 1). */
function singleField(fields: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] ?? '').toLowerCase() !== name) continue;
    if (found !== null) return null;
    found = fields[i + 1] ?? '';
  }
  return found;
}
