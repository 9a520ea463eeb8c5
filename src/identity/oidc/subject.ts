import type { IDToken, TokenEndpointResponse, UserInfoResponse } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Subject } from '../../guard/subject.ts';
import { type Claims, keepClaims, KEPT_CLAIMS, MAX_ITEM, readPath, toTexts } from '../claims.ts';

export interface Vouched {
  /** Verified by the library: signature, issuer, audience, time. */
  readonly id: IDToken;
  /** Of the same person, checked by `sub`; null where it was not asked. */
  readonly user: UserInfoResponse | null;
  readonly tokens: TokenEndpointResponse;
}

/** Who a provider says it is. Throws for a `sub` that cannot be one (OpenID Connect Core §2). */
export function toSubject(name: string, config: ProviderConfig, { id, user, tokens }: Vouched): Subject {
  if (!/^[\x20-\x7e]{1,255}$/.test(id.sub)) throw new Error('sub is not 1 to 255 characters of ASCII');
  const claims: Claims = { ...user, ...id };
  const authTime = typeof id.auth_time === 'number' && Number.isSafeInteger(id.auth_time) ? id.auth_time : 0;
  return {
    id: id.sub,
    source: name,
    roles: config.roles === undefined ? [] : toTexts(readPath(claims, config.roles)),
    scopes: scopesOf(config, claims, tokens),
    acr: typeof id.acr === 'string' && id.acr.length <= MAX_ITEM ? id.acr : '',
    amr: toTexts(id.amr),
    authTime,
    claims: keepClaims(claims, config.claims ?? KEPT_CLAIMS),
  };
}

/**
 * A response that leaves `scope` out grants what was asked (RFC 6749 §5.1). Plain OAuth 2.0 is often read loosely: GitHub
 * parts scopes by commas.
 */
export function scopesOf(config: ProviderConfig, claims: Claims, tokens: TokenEndpointResponse): readonly string[] {
  if (config.scopesFrom !== undefined) return toTexts(readPath(claims, config.scopesFrom));
  const asked = scopesAsked(config).join(' ');
  const { scope = asked } = tokens;
  return toTexts(config.oauth === undefined || asked.includes(',') ? scope : scope.replaceAll(',', ' '));
}

/** What is asked for where a configuration does not say. */
export const scopesAsked = ({ scopes, oauth }: ProviderConfig): readonly string[] =>
  scopes ?? (oauth === undefined ? ['openid'] : []);
