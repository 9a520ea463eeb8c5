import { type Configuration, fetchUserInfo, type IDToken, type TokenEndpointResponse } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Subject } from '../../guard/subject.ts';
import type { StoredLogin, Tokens } from '../source.ts';
import { faultOf } from './faults.ts';
import { toSubject } from './subject.ts';
import { askUserinfo, toPlainSubject } from './userinfo.ts';

export interface LoginOptions {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly client: Configuration;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds a login lasts at most. */
  readonly longest: number;
}

/** A token response, and the ID token in it as the library has verified it. */
export interface VerifiedTokens {
  readonly response: TokenEndpointResponse;
  readonly id: IDToken | undefined;
}

/** Who logged in, and what is kept of it. Rejects where the provider does not say who, or cannot be asked. */
export async function toLogin(options: LoginOptions, verified: VerifiedTokens): Promise<StoredLogin> {
  checkTokens(verified.response);
  return toStored(options, await subjectOf(options, verified), verified);
}

/** Only tokens that are good for whoever holds them are relayed, and only such as a header field can carry. */
function checkTokens({ token_type: type, access_token: token }: TokenEndpointResponse): void {
  if (type !== 'bearer') throw new Error('the access token is no bearer token');
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('the access token has characters that no token has');
}

async function subjectOf(options: LoginOptions, { response, id }: VerifiedTokens): Promise<Subject> {
  const { name, config, client } = options;
  const { access_token: token } = response;
  if (config.oauth !== undefined) return toPlainSubject(name, config, await askUserinfo(client, token), response);
  if (id === undefined) throw new Error('no ID token');
  const user = config.userinfo === true ? await fetchUserInfo(client, token, id.sub) : null;
  return toSubject(name, config, { id, user, tokens: response });
}

function toStored(options: LoginOptions, subject: Subject, { response, id }: VerifiedTokens): StoredLogin {
  const { now, longest } = options;
  const ends = endOf(options, response, id);
  const tokens = toTokens(options, response, ends);
  const sid = id?.['sid'];
  return {
    subject,
    created: now,
    expires: expiryOf({ now, longest, id, tokens, ends }),
    sid: typeof sid === 'string' && sid.length <= 255 ? sid : '',
    tokens,
  };
}

/** Only what is needed later: an access token that nobody relays is kept where it can be ended at logout, if anywhere. */
function toTokens({ config, client }: LoginOptions, response: TokenEndpointResponse, ends: number): Tokens {
  const relay = config.relay ?? 'none';
  const refresh = response.refresh_token ?? '';
  const ended = refresh === '' && client.serverMetadata().revocation_endpoint !== undefined;
  return {
    access: relay === 'access' || ended ? response.access_token : '',
    refresh,
    id: response.id_token ?? '',
    // What cannot be renewed is not to be asked for again and again.
    expires: refresh === '' ? 0 : ends,
    relay,
  };
}

/** When the token expires that the backend gets, or that tells when to ask again: milliseconds since 1970; 0 for unknown. */
function endOf({ config, now }: LoginOptions, response: TokenEndpointResponse, id: IDToken | undefined): number {
  if (config.relay === 'id' && id !== undefined) return id.exp * 1000;
  return response.expires_in === undefined ? 0 : now + response.expires_in * 1000;
}

/**
 * A login lasts as long as sessions may, unless the provider says less (`session_expiry`), or a token is relayed that
 * ends before and cannot be renewed: the backend would refuse it.
 */
function expiryOf(facts: {
  now: number;
  longest: number;
  id: IDToken | undefined;
  tokens: Tokens;
  ends: number;
}): number {
  const { now, longest, id, tokens, ends } = facts;
  const limits = [now + longest * 1000];
  const said = id?.['session_expiry'];
  if (typeof said === 'number') limits.push(said * 1000);
  if (tokens.relay !== 'none' && tokens.refresh === '' && ends > 0) limits.push(ends);
  return Math.min(...limits);
}

/**
 * A login whose tokens were renewed (OpenID Connect Core §12.2). The person, when they logged in and how stay; roles,
 * scopes and claims are taken anew where the provider says them. Null where it speaks of somebody else, or of nobody.
 */
export async function renewed(
  options: LoginOptions,
  login: StoredLogin,
  verified: VerifiedTokens,
): Promise<StoredLogin | null> {
  const old = login.tokens;
  if (old === null) return null;
  checkTokens(verified.response);
  // A provider that does not rotate refresh tokens leaves them out (RFC 6749 §6).
  const response = { ...verified.response, refresh_token: verified.response.refresh_token ?? old.refresh };
  const { id } = verified;
  if (id === undefined && options.config.oauth === undefined) {
    return withoutIdToken(options, login, { ...old, refresh: response.refresh_token }, response);
  }
  if (id !== undefined && id.sub !== login.subject.id) return null;
  const known = await subjectAgain(options, login, { response, id });
  if (known?.id !== login.subject.id) return null;
  const { acr, amr, authTime } = login.subject;
  const fresh = toStored(options, { ...known, acr, amr, authTime }, { response, id });
  return { ...fresh, created: login.created, expires: login.expires, sid: login.sid };
}

/** The old refresh token is used up: where nobody can say more for now, the new one is kept all the same. */
async function subjectAgain(
  options: LoginOptions,
  { subject }: StoredLogin,
  verified: VerifiedTokens,
): Promise<Subject | null> {
  try {
    return await subjectOf(options, verified);
  } catch (error) {
    return faultOf(error) === 'down' ? subject : null;
  }
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
