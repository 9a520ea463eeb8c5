import { type Configuration, fetchUserInfo, type IDToken, type TokenEndpointResponse } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Subject } from '../../guard/subject.ts';
import type { StoredLogin, Tokens } from '../source.ts';
import { toSubject } from './subject.ts';

export interface LoginOptions {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly client: Configuration;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds a login lasts at most. */
  readonly longest: number;
}

/** A token response whose ID token the library has verified. */
export interface VerifiedTokens {
  readonly response: TokenEndpointResponse;
  readonly id: IDToken;
}

/** Who logged in, and what is kept of it. Rejects where the provider's UserInfo is wanted and cannot be had. */
export async function toLogin(options: LoginOptions, { response, id }: VerifiedTokens): Promise<StoredLogin> {
  const { name, config, client, now, longest } = options;
  const user = config.userinfo === true ? await fetchUserInfo(client, response.access_token, id.sub) : null;
  const subject = toSubject(name, config, { id, user, tokens: response });
  const ends = endOf(config, response, id, now);
  const tokens = toTokens(config, response, ends);
  return {
    subject,
    created: now,
    expires: expiryOf({ now, longest, id, tokens, ends }),
    sid: typeof id['sid'] === 'string' && id['sid'].length <= 255 ? id['sid'] : '',
    tokens,
  };
}

/** Only what is needed later: an access token that nobody relays is not kept. */
function toTokens(config: ProviderConfig, response: TokenEndpointResponse, ends: number): Tokens {
  const relay = config.relay ?? 'none';
  const refresh = response.refresh_token ?? '';
  return {
    access: relay === 'access' ? response.access_token : '',
    refresh,
    id: response.id_token ?? '',
    // What cannot be renewed is not to be asked for again and again.
    expires: refresh === '' ? 0 : ends,
    relay,
  };
}

/** When the token expires that the backend gets, or that tells when to ask again: milliseconds since 1970; 0 for unknown. */
function endOf(config: ProviderConfig, response: TokenEndpointResponse, id: IDToken, now: number): number {
  if (config.relay === 'id') return id.exp * 1000;
  return response.expires_in === undefined ? 0 : now + response.expires_in * 1000;
}

/**
 * A login lasts as long as sessions may, unless the provider says less (`session_expiry`), or a token is relayed that
 * ends before and cannot be renewed: the backend would refuse it.
 */
function expiryOf(facts: { now: number; longest: number; id: IDToken; tokens: Tokens; ends: number }): number {
  const { now, longest, id, tokens, ends } = facts;
  const limits = [now + longest * 1000];
  if (typeof id['session_expiry'] === 'number') limits.push(id['session_expiry'] * 1000);
  if (tokens.relay !== 'none' && tokens.refresh === '' && ends > 0) limits.push(ends);
  return Math.min(...limits);
}

/**
 * A login whose tokens were renewed (OpenID Connect Core §12.2). The person, when they logged in and how stay; roles,
 * scopes and claims are taken anew where the response has an ID token. Null where it speaks of somebody else.
 */
export async function renewed(
  options: LoginOptions,
  login: StoredLogin,
  verified: { response: TokenEndpointResponse; id: IDToken | undefined },
): Promise<StoredLogin | null> {
  const old = login.tokens;
  if (old === null) return null;
  // A provider that does not rotate refresh tokens leaves them out (RFC 6749 §6).
  const response = { ...verified.response, refresh_token: verified.response.refresh_token ?? old.refresh };
  const { id } = verified;
  if (id === undefined) return withoutIdToken(options, login, { ...old, refresh: response.refresh_token }, response);
  if (id.sub !== login.subject.id) return null;
  const fresh = await toLogin(options, { response, id });
  const { acr, amr, authTime } = login.subject;
  const subject: Subject = { ...fresh.subject, acr, amr, authTime };
  return { ...fresh, subject, created: login.created, expires: login.expires, sid: login.sid };
}

function withoutIdToken(
  { config, now }: LoginOptions,
  login: StoredLogin,
  tokens: Tokens,
  response: TokenEndpointResponse,
): StoredLogin {
  // An ID token that is relayed has not become younger: the login ends with it.
  if (config.relay === 'id') return { ...login, expires: tokens.expires, tokens: { ...tokens, expires: 0 } };
  const expires = response.expires_in === undefined ? 0 : now + response.expires_in * 1000;
  const access = config.relay === 'access' ? response.access_token : '';
  return { ...login, tokens: { ...tokens, access, expires } };
}
