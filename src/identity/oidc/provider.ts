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
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { clientAuthOf } from './client-auth.ts';

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

const ENDPOINTS = [
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'revocation_endpoint',
] as const satisfies readonly (keyof ServerMetadata)[];

export function createProvider({ name, config, clock, fetch }: ProviderOptions): Provider {
  const issuer = new URL(config.issuer);
  const chooseAuth = clientAuthOf(name, config);
  const allowed = new Set([metadataUrl(issuer)]);
  const bounded = createBoundedFetch({ fetch, allows: (url) => allowed.has(url) });
  let known: Configuration | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  let failure: ProviderDown | null = null;
  let asking: Promise<Configuration> | null = null;

  async function discover(): Promise<Configuration> {
    const plain = issuer.protocol === 'http:' ? [allowInsecureRequests] : [];
    const options = { [customFetch]: bounded, timeout: TIMEOUT_SECONDS, execute: plain };
    const metadata = (await discovery(issuer, config.clientId, undefined, None(), options)).serverMetadata();
    // The library makes exceptions for providers of many tenants; the configured text is the one that counts (R54).
    if (metadata.issuer !== config.issuer) {
      throw new ProviderDown(`the provider calls itself ${metadata.issuer.slice(0, 200)}, not ${config.issuer}`);
    }
    const auth = chooseAuth(metadata.token_endpoint_auth_methods_supported);
    const made = new Configuration(metadata, config.clientId, undefined, auth);
    made[customFetch] = bounded;
    made.timeout = TIMEOUT_SECONDS;
    if (issuer.protocol === 'http:') allowInsecureRequests(made);
    enableNonRepudiationChecks(made);
    for (const endpoint of ENDPOINTS) {
      const url = URL.parse(metadata[endpoint] ?? '');
      if (url !== null) allowed.add(url.href);
    }
    return made;
  }

  function ask(): Promise<Configuration> {
    asked = clock.monotonic();
    asking ??= discover()
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
        if (age > FRESH_MS) void ask().catch(() => {});
        return known;
      }
      if (asking !== null) return asking;
      if (failure !== null && age < COOL_DOWN_MS) throw failure;
      return ask();
    },
  };
}

/** OpenID Connect Discovery §4.1. */
function metadataUrl(issuer: URL): string {
  const url = new URL(issuer.href);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return url.href;
}
