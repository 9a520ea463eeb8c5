import type { IDToken, TokenEndpointResponse, UserInfoResponse } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Subject } from '../../guard/subject.ts';

type Claims = Readonly<Record<string, unknown>>;

const KEPT = ['name', 'preferred_username', 'email', 'email_verified', 'locale'];

/** What is taken over of one claim, and of all of them together, as JSON. */
const MAX_ITEMS = 256;
const MAX_ITEM = 255;
const MAX_CLAIMS = 8192;

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
    claims: keep(claims, config.claims ?? KEPT),
  };
}

/** A response that leaves `scope` out grants what was asked (RFC 6749 §5.1). */
function scopesOf(config: ProviderConfig, claims: Claims, tokens: TokenEndpointResponse): readonly string[] {
  if (config.scopesFrom !== undefined) return toTexts(readPath(claims, config.scopesFrom));
  return toTexts(tokens.scope ?? (config.scopes ?? ['openid']).join(' '));
}

/** A list of texts, or one text of several parted by spaces; what is neither counts as none. */
function toTexts(value: unknown): readonly string[] {
  const items: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return items
    .filter((item) => typeof item === 'string')
    .filter((item) => item !== '' && item.length <= MAX_ITEM)
    .slice(0, MAX_ITEMS);
}

/** A claim by its name, which may hold dots itself (`https://app.example/roles`), else by its path. */
function readPath(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** The claims that were asked for, as long as they fit. */
function keep(claims: Claims, names: readonly string[]): Claims {
  const kept: Record<string, unknown> = {};
  let left = MAX_CLAIMS;
  for (const name of names) {
    const value = readPath(claims, name);
    if (value === undefined) continue;
    left -= name.length + JSON.stringify(value).length;
    if (left >= 0) kept[name] = value;
  }
  return kept;
}
