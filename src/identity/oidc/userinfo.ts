import { isUtf8 } from 'node:buffer';
import { type Configuration, fetchProtectedResource, type TokenEndpointResponse } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Subject } from '../../guard/subject.ts';
import { parseStrictObject } from '../../lib/strict-json.ts';
import { type Claims, keepClaims, KEPT_CLAIMS, readPath, toTexts } from '../claims.ts';
import { ProviderDown } from './provider.ts';
import { scopesOf } from './subject.ts';

/** The provider does not say to whom an access token belongs, or not for now. */
export class Unnamed extends Error {
  readonly status: number;

  constructor(status: number, why: string) {
    super(`userinfo: ${why}`);
    this.status = status;
  }
}

/**
 * Asks a provider of plain OAuth 2.0 who has just logged in. The access token was exchanged for the code of this very
 * attempt and has never been anywhere else, so that the answer is about this person; one that a browser brought would
 * say nothing (RFC 9700 §4.2 to §4.5).
 */
export async function askUserinfo(client: Configuration, token: string): Promise<Claims> {
  const url = new URL(client.serverMetadata().userinfo_endpoint ?? '');
  const headers = new Headers({ accept: 'application/json' });
  const response = await fetchProtectedResource(client, token, url, 'GET', null, headers);
  const { status } = response;
  if (status === 429 || status >= 500) throw new ProviderDown(`userinfo: answer ${status}`);
  if (status !== 200) throw new Unnamed(status, `answer ${status}`);
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:[\w.+-]+\+)?json$/.test(type)) throw new Unnamed(status, 'the answer is no JSON');
  const bytes = Buffer.from(await response.arrayBuffer());
  const answer = isUtf8(bytes) ? parseStrictObject(bytes.toString()) : null;
  if (answer === null) throw new Unnamed(status, 'not one JSON object of which every member is there once');
  return answer;
}

/** Who that is. Throws for an id that cannot be one. */
export function toPlainSubject(
  name: string,
  config: ProviderConfig,
  answer: Claims,
  tokens: TokenEndpointResponse,
): Subject {
  const { oauth = {} } = config;
  const mapped = {
    name: pick(answer, oauth.name ?? 'name'),
    email: pick(answer, oauth.email ?? 'email'),
    email_verified: pick(answer, oauth.emailVerified ?? 'email_verified'),
  };
  const claims: Claims = { ...answer, ...mapped };
  return {
    id: toId(readPath(answer, oauth.id ?? 'id')),
    source: name,
    roles: config.roles === undefined ? [] : toTexts(readPath(claims, config.roles)),
    scopes: scopesOf(config, claims, tokens),
    // Nobody has said.
    acr: '',
    amr: [],
    authTime: 0,
    claims: keepClaims(claims, config.claims ?? KEPT_CLAIMS),
  };
}

const pick = (answer: Claims, path: string): unknown => readPath(answer, path) ?? undefined;

/** Numbers beyond 2^53 are read inexactly: two people could become one. */
function toId(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return String(value);
  if (typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value)) return value;
  throw new Unnamed(
    200,
    'the id is neither text of 1 to 255 visible characters of ASCII nor a whole number below 2^53',
  );
}
