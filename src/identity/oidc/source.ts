import type { Endpoint } from '../../guard/endpoint.ts';
import type { Source } from '../source.ts';
import { createBackchannel } from './backchannel.ts';
import { createBegin } from './begin.ts';
import { createCallback } from './callback.ts';
import type { OidcContext, OidcParts } from './parts.ts';
import { createProvider } from './provider.ts';
import { createRenew } from './renew.ts';
import { createSignOut } from './sign-out.ts';
import { createTransactions } from './transaction.ts';

/**
 * Logins at one provider, of OpenID Connect or of plain OAuth 2.0: the gate is a confidential client, and tokens stay with it (OAuth 2.0 for
 * Browser-Based Applications §6.1). Asks the provider nothing before the first login.
 *
 * @throws {ConfigError} where the client's key cannot be read
 */
export function createOidcSource(parts: OidcParts): Source {
  const { name, config, ring, clock, random, fetch = globalThis.fetch } = parts;
  const context: OidcContext = {
    ...parts,
    provider: createProvider({ name, config, clock, fetch }),
    transactions: createTransactions({ provider: name, ring, clock, random }),
  };
  const endpoints: Endpoint[] = [
    { method: 'GET', path: `/login/${name}`, asks: 'open', maxBody: 0, answer: createBegin(context) },
    { method: 'GET', path: `/callback/${name}`, asks: 'open', maxBody: 0, answer: createCallback(context) },
  ];
  // A logout token is signed as ID tokens are.
  if (config.oauth === undefined) {
    const answer = createBackchannel(context);
    endpoints.push({ method: 'POST', path: `/backchannel/${name}`, asks: 'open', maxBody: 20_000, answer });
  }
  return {
    name,
    endpoints,
    renew: createRenew(context),
    signOut: createSignOut(context),
    close: async () => {},
  };
}
