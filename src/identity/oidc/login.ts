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
  const tokens = toTokens(config, response, id, now);
  return {
    subject,
    created: now,
    expires: expiryOf({ now, longest, id, tokens }),
    sid: typeof id['sid'] === 'string' && id['sid'].length <= 255 ? id['sid'] : '',
    tokens,
  };
}

/** Only what is needed later: an access token that nobody relays is not kept. */
function toTokens(config: ProviderConfig, response: TokenEndpointResponse, id: IDToken, now: number): Tokens {
  const relay = config.relay ?? 'none';
  const lasts = response.expires_in === undefined ? 0 : now + response.expires_in * 1000;
  return {
    access: relay === 'access' ? response.access_token : '',
    refresh: response.refresh_token ?? '',
    id: response.id_token ?? '',
    expires: relay === 'id' ? id.exp * 1000 : lasts,
    relay,
  };
}

/**
 * A login lasts as long as sessions may, unless the provider says less (`session_expiry`), or a token is relayed that
 * ends before and cannot be renewed: the backend would refuse it.
 */
function expiryOf(facts: { now: number; longest: number; id: IDToken; tokens: Tokens }): number {
  const { now, longest, id, tokens } = facts;
  const limits = [now + longest * 1000];
  if (typeof id['session_expiry'] === 'number') limits.push(id['session_expiry'] * 1000);
  if (tokens.relay !== 'none' && tokens.refresh === '' && tokens.expires > 0) limits.push(tokens.expires);
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
  const { response, id } = verified;
  const old = login.tokens;
  if (old === null) return null;
  if (id === undefined) {
    const { config, now } = options;
    const relayed = config.relay === 'access';
    const lasts = response.expires_in === undefined ? 0 : now + response.expires_in * 1000;
    const tokens = {
      ...old,
      access: relayed ? response.access_token : '',
      refresh: response.refresh_token ?? old.refresh,
    };
    // An ID token that is relayed has not become younger.
    return { ...login, tokens: { ...tokens, expires: config.relay === 'id' ? old.expires : lasts } };
  }
  if (id.sub !== login.subject.id) return null;
  const fresh = await toLogin(options, { response, id });
  const { acr, amr, authTime } = login.subject;
  const subject: Subject = { ...fresh.subject, acr, amr, authTime };
  const tokens = fresh.tokens === null ? null : { ...fresh.tokens, refresh: response.refresh_token ?? old.refresh };
  return { ...fresh, subject, tokens, created: login.created, expires: login.expires, sid: login.sid };
}
