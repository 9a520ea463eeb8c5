import type { JwtConfig } from '../../guard/config-jwt.ts';
import type { Subject } from '../../guard/subject.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Claims, KEPT_CLAIMS, keepClaims, MAX_ITEM, readPath, toTexts } from '../claims.ts';
import { type ClaimRules, toSubjectId } from './claims.ts';
import { createDecrypt, type Decrypt } from './decrypt.ts';
import { createKeySet } from './key-set.ts';
import { createFixedKey, type KeySource } from './keys.ts';

/** One issuer whose tokens are taken. */
export interface Issuer {
  /** What its subjects are called by: `jwt`, or `jwt/<name>`. */
  readonly source: string;
  readonly rules: ClaimRules;
  readonly keys: KeySource;
  /** Null where its tokens come signed only. */
  readonly decrypt: Decrypt | null;
  /** Whether a token belongs to the session that shows it first. */
  readonly bound: boolean;
  toSubject(claims: Claims): Subject;
}

export interface IssuerParts {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

/** Throws ConfigError for keys that cannot be used. Asks nobody before the first token comes. */
export async function createIssuer(config: JwtConfig, field: string, parts: IssuerParts): Promise<Issuer> {
  const { name, audience, jwks: url, algorithms, subject = 'sub', encryption } = config;
  const source = name === undefined ? 'jwt' : `jwt/${name}`;
  const rules: ClaimRules = {
    issuer: config.issuer,
    audience: [audience].flat(),
    typ: config.typ ?? '',
    subject,
    clockSkew: config.clockSkew ?? 30,
    maxAge: config.maxAge ?? 0,
    mustBeBound: config.dpop === 'require',
  };
  return {
    source,
    rules,
    keys: url === undefined ? await createFixedKey(config, field) : createKeySet({ ...parts, url, algorithms }),
    decrypt: encryption === undefined ? null : await createDecrypt(encryption, field),
    bound: config.bind !== 'none',
    toSubject: (claims) => ({
      id: toSubjectId(readPath(claims, subject)),
      source,
      roles: config.roles === undefined ? [] : toTexts(readPath(claims, config.roles)),
      scopes: toTexts(readPath(claims, config.scopes ?? 'scope')),
      acr: shortText(claims['acr']),
      amr: toTexts(claims['amr']),
      authTime: wholeNumber(claims['auth_time']),
      claims: keepClaims(claims, config.claims ?? KEPT_CLAIMS),
    }),
  };
}

const shortText = (value: unknown): string => (typeof value === 'string' && value.length <= MAX_ITEM ? value : '');

const wholeNumber = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0);
