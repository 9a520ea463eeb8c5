import { hash } from 'node:crypto';
import { compactVerify } from 'jose';
import type { Subject } from '../../guard/subject.ts';
import { claimsFault, thumbprintOf } from './claims.ts';
import { type Compact, readSigned, splitToken } from './compact.ts';
import { Fault, fault, quote } from './fault.ts';
import type { Issuer } from './issuer.ts';
import type { VerifyKey } from './keys.ts';

/** A token that held. */
export interface Verified {
  readonly subject: Subject;
  readonly issuer: Issuer;
  readonly key: VerifyKey;
  /** Milliseconds since 1970, the clock's skew included. */
  readonly ends: number;
  /** Thumbprint of the key that it is bound to (RFC 9449 §6.1); '' where it is bound to none. */
  readonly jkt: string;
  /** '' without one. */
  readonly jti: string;
  /**
   * Names what was signed. Not the whole token: of one signature others can be made that hold as well (ECDSA), and
   * anybody can encrypt it anew.
   */
  readonly id: string;
}

/** The issuers whose tokens come in one place, and how they are told apart. */
export type Verify = (token: string, now: number) => Promise<Verified | Fault>;

/**
 * Checks in the order of their cost, so that what is wrong on its face costs no signature. Everything that decides is
 * under the signature in the end: the text that was judged is the text that was verified.
 */
export function createVerify(issuers: readonly Issuer[]): Verify {
  const encrypting = issuers.find(({ decrypt }) => decrypt !== null) ?? null;

  async function opened(token: string): Promise<{ signed: string; by: Issuer | null } | Fault> {
    const parts = splitToken(token);
    if (parts === null) return fault(`form: ${token.length} characters that are no token`);
    if (parts.length === 3) return { signed: token, by: null };
    if (encrypting?.decrypt == null) return fault('form: encrypted, and no issuer here encrypts');
    const signed = await encrypting.decrypt(token, parts);
    return signed instanceof Fault ? signed : { signed, by: encrypting };
  }

  return async (token, now) => {
    const inner = await opened(token);
    if (inner instanceof Fault) return inner;
    const parts = splitToken(inner.signed);
    if (parts?.length !== 3) return fault('form: no signed token inside the encrypted one');
    const compact = readSigned(inner.signed, parts);
    if (compact instanceof Fault) return compact;
    const { iss } = compact.claims;
    const issuer = issuers.find(({ rules }) => rules.issuer === iss);
    if (issuer === undefined) return fault(`iss: ${quote(iss)}`);
    if ((issuer.decrypt === null) !== (inner.by === null) || (inner.by !== null && inner.by !== issuer)) {
      return fault(
        inner.by === null ? 'form: signed only, and this issuer encrypts' : 'form: encrypted for another issuer',
      );
    }
    const broken = claimsFault(compact, issuer.rules, now / 1000);
    if (broken !== '') return fault(broken);
    return verifySigned(inner.signed, compact, issuer);
  };
}

async function verifySigned(token: string, compact: Compact, issuer: Issuer): Promise<Verified | Fault> {
  const { header, claims } = compact;
  const { alg, kid } = header;
  if (typeof alg !== 'string') return fault(`alg: ${quote(alg)}`);
  const { iat, exp, jti, cnf } = claims;
  if (!(await issuer.keys.isCurrent())) return fault('key: the issuer could not be reached for a day', 30);
  const issuedAt = typeof iat === 'number' ? iat : 0;
  const key = await issuer.keys.find(alg, typeof kid === 'string' ? kid : undefined, issuedAt);
  if (key instanceof Fault) return key;
  try {
    await compactVerify(token, key.key, { algorithms: [alg] });
  } catch {
    return fault(`signature: does not hold by ${quote(key.alg)}`);
  }
  return {
    subject: issuer.toSubject(claims),
    issuer,
    key,
    ends: endOf(Number(exp), issuedAt, issuer),
    jkt: thumbprintOf(cnf),
    jti: typeof jti === 'string' ? jti : '',
    id: hash('sha256', compact.signed, 'base64url'),
  };
}

/** Milliseconds since 1970. */
function endOf(exp: number, iat: number, { rules }: Issuer): number {
  const end = rules.maxAge === 0 ? exp : Math.min(exp, iat + rules.maxAge);
  return (end + rules.clockSkew) * 1000;
}
