import {
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  calculatePKCECodeChallenge,
  type Configuration,
} from 'openid-client';
import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import { hostOf, isLoopback } from '../../lib/loopback.ts';
import { readReturnUrl } from '../return-url.ts';
import { createBeginBudget } from './begin-budget.ts';
import { FAILURES, failurePage, seeOther } from './failure-page.ts';
import { describeFault, faultOf } from './faults.ts';
import { callbackUrl, identityOf, loginAgain, type OidcContext, ownOrigin } from './parts.ts';
import { scopesAsked } from './subject.ts';
import { shortHash, type Transaction } from './transaction.ts';

/**
 * `GET {mount}/login/<name>?return=/path[&acr=…][&max_age=…]`: sends the browser to the provider, by the code flow with
 * PKCE, a state and a nonce for this attempt alone (RFC 9700 §2.1). It changes nothing but the browser's cookies.
 */
export function createBegin(context: OidcContext): (call: EndpointCall) => Promise<Answer> {
  const { config, transactions, policy } = context;
  const budget = createBeginBudget(context.clock);

  return async (call) => {
    const { headers, query } = call.request;
    const asked = readAsked(context, query);
    const origin = ownOrigin(context, call);
    if (!isNavigation(headers)) return failurePage(call, FAILURES.prefetch, null, []);
    if (origin === null) return failurePage(call, FAILURES.host, null, []);
    // Without TLS a browser keeps no `__Host-` cookie, and the attempt could not come back.
    if (!call.decision.secure && !isLoopback(hostOf(call.decision.authority))) {
      return failurePage(call, FAILURES.insecure, null, []);
    }
    const returnTo = readReturnUrl(asked?.returnTo ?? null, origin, policy().config.login?.returnTo ?? []);
    if (asked === null || returnTo === null) return failurePage(call, FAILURES.request, null, []);
    // Without ID tokens nobody would say whether it was done, and the call that asks would be refused again.
    if (config.oauth !== undefined && (asked.acr.length > 0 || asked.maxAge >= 0)) {
      return failurePage(call, FAILURES.unsaid, null, []);
    }
    const wait = budget.take(call);
    if (wait > 0) return failurePage(call, { ...FAILURES.busy, retryAfter: wait }, loginAgain(context, returnTo), []);
    try {
      const client = await context.provider.ready();
      const { transaction, cookies } = transactions.begin(headers.cookie, {
        returnTo,
        origin,
        issuer: shortHash(identityOf(config)),
        session: call.session === null ? '' : shortHash(call.session.id),
        acr: asked.acr,
        maxAge: asked.maxAge,
      });
      const url = await authorizationUrl(context, client, transaction);
      return seeOther(url.href, cookies);
    } catch (error) {
      const failure = faultOf(error) === 'down' ? FAILURES.down : FAILURES.declined;
      return failurePage(call, { ...failure, evidence: describeFault(error) }, loginAgain(context, returnTo), []);
    }
  };
}

/** A person's own navigation: what a page fetches ahead, frames or embeds begins no login (Fetch Metadata §2). */
function isNavigation(headers: EndpointCall['request']['headers']): boolean {
  if (headers.secPurpose.includes('prefetch')) return false;
  const documentOrOld = headers.secFetchDest === '' || headers.secFetchDest === 'document';
  return documentOrOld && (headers.secFetchMode === '' || headers.secFetchMode === 'navigate');
}

interface Asked {
  readonly returnTo: string | null;
  readonly acr: readonly string[];
  readonly maxAge: number;
}

/** What the query asks for; null where it asks for what cannot be. */
function readAsked({ config, policy }: OidcContext, query: string): Asked | null {
  if (query.length > 4096) return null;
  const parameters = new URLSearchParams(query);
  for (const name of ['return', 'acr', 'max_age']) if (parameters.getAll(name).length > 1) return null;
  const acr = (parameters.get('acr') ?? '').split(' ').filter((value) => value !== '');
  const given = parameters.get('max_age');
  if (given !== null && !/^\d{1,9}$/.test(given)) return null;
  // A link from elsewhere may ask for what some route asks for, not for something weaker of its own choice.
  const known = new Set([...(config.acrValues ?? []), ...policy().routes.flatMap(({ user }) => user?.acr ?? [])]);
  if (!acr.every((value) => known.has(value))) return null;
  const ages = [config.maxAge, given === null ? undefined : Number(given)].filter((age) => age !== undefined);
  return {
    returnTo: parameters.get('return'),
    acr: acr.length > 0 ? acr : (config.acrValues ?? []),
    maxAge: ages.length === 0 ? -1 : Math.min(...ages),
  };
}

async function authorizationUrl(context: OidcContext, client: Configuration, transaction: Transaction): Promise<URL> {
  const { config } = context;
  const { state, nonce, verifier, acr, maxAge, origin } = transaction;
  const scope = scopesAsked(config).join(' ');
  const parameters: Record<string, string> = {
    ...config.parameters,
    response_type: 'code',
    redirect_uri: callbackUrl(context, origin),
    ...(scope === '' ? {} : { scope }),
    state,
    ...(config.oauth === undefined ? { nonce } : {}),
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  if (config.audience !== undefined) parameters['audience'] = config.audience;
  if (acr.length > 0) parameters['acr_values'] = acr.join(' ');
  if (maxAge >= 0) parameters['max_age'] = String(maxAge);
  const pushes = client.serverMetadata().pushed_authorization_request_endpoint !== undefined && config.pushed !== false;
  return pushes ? buildAuthorizationUrlWithPAR(client, parameters) : buildAuthorizationUrl(client, parameters);
}
