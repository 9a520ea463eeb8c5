import { createHash } from 'node:crypto';
import { refreshTokenGrant, ResponseBodyError } from 'openid-client';
import type { StoredLogin } from '../source.ts';
import { describeFault } from './faults.ts';
import { renewed } from './login.ts';
import type { OidcContext } from './parts.ts';

/** Milliseconds in which somebody who comes late with the old refresh token gets what the first one got. */
const GRACE_MS = 30_000;
/** What a provider says of a refresh token that is good no more: RFC 6749 §5.2, and GitHub. */
const ENDED: ReadonlySet<string> = new Set(['invalid_grant', 'bad_refresh_token']);
/** Renewals that are remembered for it. */
const REMEMBERED = 4096;

/**
 * Renews by the refresh token (RFC 6749 §6). One request a token, whoever asks: providers that rotate them take a
 * second use for theft and end the whole family (RFC 9700 §4.14.2). The provider's `invalid_grant` ends the login;
 * whatever else goes wrong rejects, and the login stays as it is.
 */
export function createRenew(context: OidcContext): (login: StoredLogin) => Promise<StoredLogin | null> {
  const { name, config, clock, policy } = context;
  const running = new Map<string, { readonly at: number; readonly result: Promise<StoredLogin | null> }>();

  async function renew(login: StoredLogin, token: string): Promise<StoredLogin | null> {
    try {
      const client = await context.provider.ready();
      const response = await refreshTokenGrant(client, token);
      const options = { name, config, client, now: clock.wall(), longest: policy().session.max };
      const fresh = await renewed(options, login, { response, id: response.claims() });
      if (fresh === null) await ended(login, 'the provider vouches for this person no more');
      return fresh;
    } catch (error) {
      if (!(error instanceof ResponseBodyError) || !ENDED.has(error.error)) throw error;
      await ended(login, describeFault(error));
      return null;
    }
  }

  const ended = async ({ subject }: StoredLogin, why: string): Promise<void> =>
    context.report?.({ what: 'login.end', subject: subject.id, why, outcome: 'done' });

  function forgetOld(now: number): void {
    for (const [key, { at }] of running) {
      if (running.size < REMEMBERED && now - at < GRACE_MS) return;
      running.delete(key);
    }
  }

  return (login) => {
    const token = login.tokens?.refresh ?? '';
    if (token === '') return Promise.resolve(login);
    const now = clock.monotonic();
    forgetOld(now);
    const key = createHash('sha256').update(`${login.subject.id}\n${token}`).digest('base64url');
    const known = running.get(key);
    if (known !== undefined) return known.result;
    const result = renew(login, token);
    running.set(key, { at: now, result });
    // A provider that was down may be asked again at once.
    result.catch(() => running.delete(key));
    return result;
  };
}
