import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  type CustomFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ServerMetadata,
} from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Clock } from '../../lib/clock.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { clientAuthOf } from './client-auth.ts';
import { plainAnswers } from './plain-answers.ts';

/** What is known of a provider. Nothing is asked before the first login needs it. */
export interface Provider {
  /** Its metadata, with our registration. Rejects with {@link ProviderDown} where it cannot be had. */
  ready(): Promise<Configuration>;
  /** For what the library does not fetch itself: the same bounds. */
  readonly fetch: CustomFetch;
}

/** The provider does not answer, or not with metadata of the configured issuer. */
export class ProviderDown extends Error {}

export interface ProviderOptions {
  readonly name: string;
  readonly config: ProviderConfig;
  readonly clock: Clock;
  readonly fetch: Fetch;
}

/** Seconds until the provider must have answered in full. */
const TIMEOUT_SECONDS = 10;
/** Milliseconds after which metadata is asked for again, while what is known still serves. */
const FRESH_MS = 3600_000;
/** Milliseconds in which a provider that failed is not asked again. */
const COOL_DOWN_MS = 5000;

/** Those that the gate asks itself. */
const ENDPOINTS = [
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'revocation_endpoint',
] as const satisfies readonly (keyof ServerMetadata)[];

export function createProvider({ name, config, clock, fetch }: ProviderOptions): Provider {
  const { issuer: issuerText, oauth } = config;
  const issuer = issuerText === undefined ? null : new URL(issuerText);
  const given = givenMetadata(config);
  const chooseAuth = clientAuthOf(name, config);
  const allowed = new Set(issuer === null || given !== null ? [] : [metadataUrl(issuer, oauth !== undefined)]);
  const bounded = createBoundedFetch({ fetch, allows: (url) => allowed.has(url) });
  let known: Configuration | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  let failure: ProviderDown | null = null;
  let asking: Promise<Configuration> | null = null;

  async function discover(from: URL | null): Promise<ServerMetadata> {
    if (from === null) throw new ProviderDown('neither an issuer nor endpoints are configured');
    const plain = from.protocol === 'http:';
    const metadata = (
      await discovery(from, config.clientId, undefined, None(), {
        algorithm: oauth === undefined ? 'oidc' : 'oauth2',
        [customFetch]: bounded,
        timeout: TIMEOUT_SECONDS,
        execute: plain ? [allowInsecureRequests] : [],
      })
    ).serverMetadata();
    // The library makes exceptions for providers of many tenants; the configured text is the one that counts (R54).
    if (metadata.issuer !== issuerText) {
      throw new ProviderDown(`the provider calls itself ${metadata.issuer.slice(0, 200)}, not ${issuerText}`);
    }
    for (const endpoint of ['authorization_endpoint', ...ENDPOINTS] as const) {
      const url = URL.parse(metadata[endpoint] ?? '');
      if (url?.protocol === 'http:' && !(plain && isLoopback(url.hostname))) {
        throw new ProviderDown(`its ${endpoint} is not https`);
      }
    }
    return metadata;
  }

  async function make(): Promise<Configuration> {
    const found = given ?? (await discover(issuer));
    const metadata = oauth?.userinfo === undefined ? found : { ...found, userinfo_endpoint: oauth.userinfo };
    if (oauth !== undefined && metadata.userinfo_endpoint === undefined) {
      throw new ProviderDown(`its metadata names no userinfo_endpoint; write login.providers.${name}.oauth.userinfo`);
    }
    const auth = chooseAuth(metadata.token_endpoint_auth_methods_supported);
    const made = new Configuration(metadata, config.clientId, undefined, auth);
    made[customFetch] = oauth === undefined ? bounded : plainAnswers(bounded, metadata.token_endpoint);
    made.timeout = TIMEOUT_SECONDS;
    for (const endpoint of ENDPOINTS) {
      const url = URL.parse(metadata[endpoint] ?? '');
      if (url === null) continue;
      allowed.add(url.href);
      if (url.protocol === 'http:') allowInsecureRequests(made);
    }
    enableNonRepudiationChecks(made);
    return made;
  }

  function ask(): Promise<Configuration> {
    asked = clock.monotonic();
    asking ??= make()
      .then((made) => {
        failure = null;
        known = made;
        return made;
      })
      .catch((cause: unknown) => {
        failure = cause instanceof ProviderDown ? cause : new ProviderDown('no metadata', { cause });
        throw failure;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  return {
    fetch: bounded,
    async ready() {
      const age = clock.monotonic() - asked;
      if (known !== null) {
        if (age > FRESH_MS && given === null) void ask().catch(() => {});
        return known;
      }
      if (asking !== null) return asking;
      if (failure !== null && age < COOL_DOWN_MS) throw failure;
      return ask();
    },
  };
}

/** OpenID Connect Discovery §4.1; RFC 8414 §3.1. */
function metadataUrl(issuer: URL, plain: boolean): string {
  const url = new URL(issuer.href);
  const path = url.pathname.replace(/\/$/, '');
  url.pathname = plain ? `/.well-known/oauth-authorization-server${path}` : `${path}/.well-known/openid-configuration`;
  return url.href;
}

/** What a configuration says in place of metadata; null where the provider is asked. */
function givenMetadata({ issuer, oauth }: ProviderConfig): ServerMetadata | null {
  if (oauth?.authorization === undefined || oauth.token === undefined) return null;
  const { authorization, token, revocation } = oauth;
  return {
    issuer: issuer ?? new URL(authorization).origin,
    authorization_endpoint: authorization,
    token_endpoint: token,
    ...(revocation === undefined ? {} : { revocation_endpoint: revocation }),
  };
}
