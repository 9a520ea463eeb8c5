import type { Random } from '../../doors/random.ts';
import type { KeyRing } from '../../doors/seal.ts';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import type { Policy } from '../../guard/policy.ts';
import type { Subject } from '../../guard/subject.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LoginDesk } from '../source.ts';
import type { Fetch } from './bounded-fetch.ts';
import type { Again } from './failure-page.ts';
import type { Provider } from './provider.ts';
import type { Transactions } from './transaction.ts';

/** What a source of one provider is made of. */
export interface OidcParts {
  /** As configured under `login.providers`. */
  readonly name: string;
  readonly config: ProviderConfig;
  readonly desk: LoginDesk;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: () => Policy;
  /** Default: `globalThis.fetch`. */
  readonly fetch?: Fetch;
  /** The answer after a login: takes its cookies to the browser, and the browser on. Default: 303. */
  readonly done?: (call: EndpointCall, returnTo: string, cookies: readonly string[]) => Answer;
  /** Whether an administrator keeps this person out. Default: nobody. */
  readonly isBlocked?: (subject: Subject) => Promise<boolean>;
  /** Told of logins and of what ended them, for the audit log. What strangers can cause at will is not among it. */
  readonly report?: (event: OidcEvent) => Promise<void>;
}

export interface OidcEvent {
  readonly what: 'login' | 'login.end';
  /** `sub`; '' where the provider named a session alone. */
  readonly subject: string;
  /** Names and codes; no token, nothing that the other side wrote freely. */
  readonly why: string;
  readonly outcome: 'done' | 'refused';
}

/** What the endpoints of one provider share. */
export interface OidcContext extends OidcParts {
  readonly provider: Provider;
  readonly transactions: Transactions;
}

/** Origin by which the browser reached us; null where it is none of ours. */
export function ownOrigin(context: OidcContext, { decision }: EndpointCall): string | null {
  const origin = `${decision.secure ? 'https' : 'http'}://${decision.authority}`;
  return context.policy().ownOrigins.has(origin) ? origin : null;
}

/** Where the provider sends the browser: an address for each provider, so that answers cannot be mixed up (R53). */
export const callbackUrl = (context: OidcContext, origin: string): string =>
  `${origin}${context.policy().mount}/callback/${context.name}`;

/** Whom a configuration means, in one text: an attempt that was begun with one provider ends with no other. */
export const identityOf = ({ issuer = '', oauth }: ProviderConfig): string =>
  oauth === undefined ? issuer : JSON.stringify([issuer, oauth.authorization, oauth.token, oauth.userinfo]);

/** Where a person begins anew. `returnTo` has been checked. */
export const loginAgain = ({ policy, name, config }: OidcContext, returnTo: string): Again => ({
  address: `${policy().mount}/login/${name}?return=${encodeURIComponent(returnTo)}`,
  label: config.label ?? name,
});
