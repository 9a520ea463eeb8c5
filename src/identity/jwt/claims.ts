import { readPath } from '../claims.ts';
import type { Compact } from './compact.ts';
import { quote } from './fault.ts';

/** What an issuer's tokens have to say. */
export interface ClaimRules {
  readonly issuer: string;
  /** One of these. */
  readonly audience: readonly string[];
  /** '' for none, `JWT` and `at+jwt`. */
  readonly typ: string;
  /** Claim or path. */
  readonly subject: string;
  /** Seconds. */
  readonly clockSkew: number;
  /** Seconds; 0 for none. */
  readonly maxAge: number;
  /** Whether tokens that are bound to no key are refused. */
  readonly mustBeBound: boolean;
}

/**
 * The first rule that a token breaks, '' for none (RFC 7519 §4.1, RFC 8725 §3.8–3.12). Judges what was not verified
 * yet as well: whatever is refused here costs no signature.
 *
 * @param now seconds since 1970
 */
export function claimsFault({ header, claims }: Compact, rules: ClaimRules, now: number): string {
  return (
    typeFault(header['typ'], rules.typ) ||
    (claims['iss'] === rules.issuer ? '' : `iss: ${quote(claims['iss'])}`) ||
    audienceFault(claims['aud'], rules.audience) ||
    timeFault(claims, rules, now) ||
    kindFault(claims, header['typ']) ||
    subjectFault(readPath(claims, rules.subject), rules.subject) ||
    boundFault(claims['cnf'], rules.mustBeBound)
  );
}

/** Types are compared as RFC 7515 §4.1.9 says. */
const normalType = (typ: string): string => typ.toLowerCase().replace(/^application\//, '');

const typeOf = (typ: unknown): string => (typeof typ === 'string' ? normalType(typ) : '');

/** Explicit types keep kinds of tokens apart (RFC 8725 §3.11): logout tokens, proofs, events are no access tokens. */
function typeFault(typ: unknown, expected: string): string {
  const found = typeOf(typ);
  const good = expected === '' ? found === '' || found === 'jwt' || found === 'at+jwt' : found === normalType(expected);
  return good ? '' : `typ: ${quote(typ)}`;
}

function audienceFault(aud: unknown, expected: readonly string[]): string {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return expected.some((one) => named.includes(one)) ? '' : `aud: ${quote(aud)}`;
}

function timeFault(claims: Compact['claims'], { clockSkew, maxAge }: ClaimRules, now: number): string {
  const { exp, nbf, iat } = claims;
  if (!isTime(exp)) return `exp: ${quote(exp)}`;
  if (now >= exp + clockSkew) return `exp: ${Math.floor(now - exp)} s ago`;
  if (nbf !== undefined && !isTime(nbf)) return `nbf: ${quote(nbf)}`;
  if (nbf !== undefined && nbf > now + clockSkew) return `nbf: in ${Math.ceil(nbf - now)} s`;
  if (iat !== undefined && !isTime(iat)) return `iat: ${quote(iat)}`;
  if (iat !== undefined && iat > now + clockSkew) return `iat: in ${Math.ceil(iat - now)} s`;
  if (maxAge === 0) return '';
  if (iat === undefined) return 'iat: missing, and there is a maxAge';
  return now - iat > maxAge + clockSkew ? `iat: ${Math.floor(now - iat)} s ago` : '';
}

/** NumericDate (RFC 7519 §2), within what a Date can say. */
const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < 8.64e12;

/**
 * Other kinds of tokens that the same issuer signs with the same key, by what only they hold (RFC 8725 §3.12): ID
 * tokens (OpenID Connect Core §2), refresh and logout tokens, security events. Some access tokens hold a `nonce` too;
 * they say of themselves what they are.
 */
function kindFault(claims: Compact['claims'], typ: unknown): string {
  const kind = String(claims['typ'] ?? claims['token_use'] ?? '').toLowerCase();
  if (OTHER_KINDS.has(kind)) return `kind: ${kind} token`;
  if (claims['events'] !== undefined) return 'kind: security event';
  const hashes = ['at_hash', 'c_hash', 's_hash'].some((name) => claims[name] !== undefined);
  const isAccess = typeOf(typ) === 'at+jwt' || kind === 'bearer' || kind === 'access';
  return hashes || (claims['nonce'] !== undefined && !isAccess) ? 'kind: ID token' : '';
}

const OTHER_KINDS: ReadonlySet<string> = new Set(['id', 'refresh', 'offline', 'logout']);

function subjectFault(subject: unknown, path: string): string {
  return toSubjectId(subject) === '' ? `${path}: not 1 to 255 visible characters` : '';
}

/** Ids are text, or the numbers that home-made tokens have; '' for what cannot be one. */
export function toSubjectId(value: unknown): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === 'string' && /^[^\p{Cc}]{1,255}$/u.test(text) ? text : '';
}

/** A token that is bound in a way that nobody checks here must not pass as one that is not (RFC 7800 §3.1). */
function boundFault(cnf: unknown, mustBeBound: boolean): string {
  if (cnf === undefined) return mustBeBound ? 'cnf: missing, and only bound tokens are taken' : '';
  return thumbprintOf(cnf) === '' ? 'cnf: bound to something other than a DPoP key' : '';
}

/** `jkt` (RFC 9449 §6.1); '' where there is none. */
export function thumbprintOf(cnf: unknown): string {
  const jkt: unknown = typeof cnf === 'object' && cnf !== null ? Reflect.get(cnf, 'jkt') : undefined;
  return typeof jkt === 'string' && /^[\w-]{43}$/.test(jkt) ? jkt : '';
}
