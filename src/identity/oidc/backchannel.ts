import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify, type RemoteJWKSetOptions } from 'jose';
import type { Configuration } from 'openid-client';
import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import { createGenerations } from '../../lib/generations.ts';
import type { OidcContext } from './parts.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds a logout token may be old, and how long it may say that it lives; §2.4 advises two minutes. */
const OLDEST = 300;
const LONGEST = 600;
const SKEW = 30;
const MAX_TOKEN = 16_000;
/** Tokens of one generation that are remembered as used. */
const REMEMBERED = 16_384;

/**
 * `POST {mount}/backchannel/<name>`: the provider says that somebody logged out there (OpenID Connect Back-Channel
 * Logout 1.0 §2.5–2.7). Whoever sends it must be believed by its signature alone, so every rule is checked (R61), and
 * the token is used up last.
 */
export function createBackchannel(context: OidcContext): (call: EndpointCall) => Promise<Answer> {
  const { desk, clock } = context;
  const used = createGenerations<true>(REMEMBERED);
  let keys: { readonly client: Configuration; readonly find: ReturnType<typeof createRemoteJWKSet> } | null = null;

  function keysOf(client: Configuration): ReturnType<typeof createRemoteJWKSet> {
    if (keys?.client !== client) {
      // An unknown `kid` asks the provider once in 30 s (R58).
      const options: RemoteJWKSetOptions = { timeoutDuration: 5000, cooldownDuration: 30_000 };
      options[customFetch] = (url, { headers, signal }) =>
        context.provider.fetch(url, {
          body: null,
          headers: Object.fromEntries(headers.entries()),
          method: 'GET',
          redirect: 'manual',
          signal,
        });
      keys = { client, find: createRemoteJWKSet(new URL(client.serverMetadata().jwks_uri ?? ''), options) };
    }
    return keys.find;
  }

  async function verify(client: Configuration, token: string): Promise<JWTPayload> {
    const { issuer, id_token_signing_alg_values_supported: listed = ['RS256'] } = client.serverMetadata();
    const { payload } = await jwtVerify(token, keysOf(client), {
      issuer,
      audience: context.config.clientId,
      typ: 'logout+jwt',
      algorithms: listed.filter((algorithm) => /^(?:RS|PS|ES|Ed)/.test(algorithm)),
      requiredClaims: ['iat', 'exp', 'jti'],
      maxTokenAge: OLDEST,
      clockTolerance: SKEW,
      currentDate: new Date(clock.wall()),
    });
    return payload;
  }

  return async (call) => {
    const token = readToken(call);
    if (token === '') return refuse('no form with one token');
    // Where the provider's own metadata or keys cannot be had this rejects: 503, and the provider tries again.
    const client = await context.provider.ready();
    let payload: JWTPayload;
    try {
      payload = await verify(client, token);
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      return refuse(error.code);
    }
    const jti = payload.jti ?? '';
    if (!isLogout(payload) || jti.length > 255) return refuse('not what a logout token says');
    if (used.get(jti) !== undefined) return refuse('a token that was used');
    used.set(jti, true);
    try {
      const count = await desk.end(whom(context, client, payload));
      const why = `${count} by the provider`;
      await context.report?.({ what: 'login.end', subject: payload.sub ?? '', why, outcome: 'done' });
    } catch (error) {
      used.delete(jti);
      throw error;
    }
    return answer(200, {});
  };
}

function readToken({ request, body }: EndpointCall): string {
  const type = request.headers.contentType.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return '';
  const [token = '', ...more] = new URLSearchParams(Buffer.from(body).toString()).getAll('logout_token');
  return more.length > 0 || token.length > MAX_TOKEN ? '' : token;
}

/** What makes it a logout token and no ID token (§2.4), and one that does not live long. */
function isLogout(payload: JWTPayload): boolean {
  const { events, nonce, sub, sid, iat = 0, exp = 0 } = payload;
  if (nonce !== undefined || exp - iat > LONGEST) return false;
  if (events === null || typeof events !== 'object' || !Object.hasOwn(events, EVENT)) return false;
  const event: unknown = Reflect.get(events, EVENT);
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return false;
  return isName(sub) ? sid === undefined || isName(sid) : sub === undefined && isName(sid);
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 255;

/** One session at the provider where its tokens name sessions, else everything of the person there. */
function whom({ name }: OidcContext, client: Configuration, { sub, sid }: JWTPayload) {
  const bySession = client.serverMetadata()['backchannel_logout_session_supported'] === true || !isName(sub);
  if (bySession && isName(sid)) return { source: name, sid };
  return { source: name, subject: sub ?? '' };
}

/** §2.8. */
function answer(status: 200 | 400, body: object): Answer {
  const fields = ['cache-control', 'no-store', 'content-type', 'application/json', 'x-content-type-options', 'nosniff'];
  return { status, fields, body: JSON.stringify(body) };
}

/** The provider hears that; the record, why. */
const refuse = (evidence: string): Answer => ({
  ...answer(400, { error: 'invalid_request' }),
  refused: { code: 'login-failed', evidence: `logout token: ${evidence}` },
});
