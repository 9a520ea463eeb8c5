import { buildEndSessionUrl, tokenRevocation } from 'openid-client';
import type { StoredLogin } from '../source.ts';
import type { OidcContext } from './parts.ts';

/** A person who logs out does not wait longer for a provider that has not been asked before. */
const PATIENCE_MS = 2000;

/**
 * Where the browser goes so that the provider's own session ends as well (OpenID Connect RP-Initiated Logout §2); ''
 * where the provider has no such place or cannot be asked. Its refresh token, or access token without one, is revoked on the way (RFC 7009).
 */
export function createSignOut(context: OidcContext): (login: StoredLogin, origin: string) => Promise<string> {
  const { config } = context;
  return async (login, origin) => {
    try {
      const client = await within(context.provider.ready(), PATIENCE_MS);
      const { end_session_endpoint, revocation_endpoint } = client.serverMetadata();
      const { access = '', refresh = '', id = '', relay = 'none' } = login.tokens ?? {};
      const token = refresh === '' ? access : refresh;
      // Nobody waits for it: the login has ended here whatever the provider says.
      if (token !== '' && revocation_endpoint !== undefined) tokenRevocation(client, token).catch(() => {});
      if (end_session_endpoint === undefined) return '';
      const parameters: Record<string, string> = {};
      // An ID token that opens the backend does not travel through the browser.
      if (id !== '' && relay !== 'id') parameters['id_token_hint'] = id;
      if (config.postLogout !== undefined) parameters['post_logout_redirect_uri'] = `${origin}${config.postLogout}`;
      return buildEndSessionUrl(client, parameters).href;
    } catch {
      return '';
    }
  };
}

function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('late')), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
