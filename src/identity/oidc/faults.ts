import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { ProviderDown } from './provider.ts';
import { Unnamed } from './userinfo.ts';

/** What a failed exchange with a provider means for the person who waits. */
export type Fault =
  /** it could not be reached, or says that it cannot serve now: later it may work */
  | 'down'
  /** the provider said no */
  | 'declined'
  /** what it said is not to be believed */
  | 'refused';

/** Codes of the library for answers that never came, or are no answers of this protocol (a proxy's page). */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

const TEMPORARY: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

export function faultOf(error: unknown): Fault {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return TEMPORARY.has(error.error) || ('status' in error && error.status >= 500) ? 'down' : 'declined';
  }
  if (error instanceof WWWAuthenticateChallengeError) return error.status >= 500 ? 'down' : 'declined';
  if (error instanceof ProviderDown) return 'down';
  if (error instanceof Unnamed) return error.status === 401 || error.status === 403 ? 'declined' : 'refused';
  if (error instanceof ClientError) return UNREACHABLE.has(error.code ?? '') ? 'down' : 'refused';
  // A network that fails, and a bound of ours that was passed: fetch says TypeError for both.
  return error instanceof TypeError ? 'down' : 'refused';
}

/** What happened, for logs: names and codes, never what the other side wrote freely, never a token. */
export function describeFault(error: unknown): string {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return `provider: ${/^[a-z_]{1,64}$/.test(error.error) ? error.error : 'an error of no known form'}`;
  }
  if (error instanceof ProviderDown) return error.message;
  if (error instanceof ClientError) return `${error.code ?? 'error'}: ${error.message}`.slice(0, 200);
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : 'unknown error';
}
