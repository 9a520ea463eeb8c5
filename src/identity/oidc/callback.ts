import { authorizationCodeGrant, type Configuration } from 'openid-client';
import type { ProviderConfig } from '../../guard/config-login.ts';
import type { Answer } from '../../guard/decision.ts';
import type { EndpointCall } from '../../guard/endpoint.ts';
import type { StoredLogin } from '../source.ts';
import { type Failure, FAILURES, failurePage, seeOther } from './failure-page.ts';
import { describeFault, faultOf } from './faults.ts';
import { toLogin } from './login.ts';
import { callbackUrl, identityOf, loginAgain, type OidcContext, ownOrigin } from './parts.ts';
import { shortHash, type Transaction } from './transaction.ts';

/** Longest query of a provider's answer: codes that are tokens themselves reach a few KiB. */
const MAX_QUERY = 8192;

/**
 * `GET {mount}/callback/<name>`: the provider's answer. It counts once, in the browser that began, while the session
 * is the one it began in. The state is checked before the provider is asked anything, the ID token by the library.
 */
export function createCallback(context: OidcContext): (call: EndpointCall) => Promise<Answer> {
  const { name, transactions, desk, policy } = context;
  const done = context.done ?? ((_call, returnTo, cookies) => seeOther(returnTo, cookies));

  return async (call) => {
    const { query, headers } = call.request;
    const parameters = new URLSearchParams(query.length > MAX_QUERY ? '' : query);
    const [state = '', ...more] = parameters.getAll('state');
    const transaction = more.length > 0 ? null : transactions.find(headers.cookie, state);
    const returnTo = transaction?.returnTo ?? '/';
    const cookies = transaction === null ? [] : [transactions.clear(state)];

    const fail = (failure: Failure, evidence: string): Answer =>
      failurePage(call, { ...failure, evidence }, loginAgain(context, returnTo), cookies);

    if (transaction === null || !transactions.isLive(transaction) || !belongsHere(context, call, transaction)) {
      // Another tab was quicker, or the person went back in their history: who is logged in goes on (L17).
      if (call.session !== null && call.session.login !== null) return seeOther(returnTo, cookies);
      return fail(FAILURES.stale, transaction === null ? 'no attempt of this browser' : 'an attempt that has ended');
    }
    const moved = transaction.session !== '' && transaction.session !== sessionHash(call);
    if (moved && call.session?.login == null) return fail(FAILURES.stale, 'another session than the attempt began in');
    if (!transactions.use(transaction)) return fail(FAILURES.stale, 'an attempt that was used');

    let login: StoredLogin;
    try {
      const client = await context.provider.ready();
      login = await exchange(context, client, transaction, parameters);
    } catch (error) {
      return fail(FAILURES[faultOf(error)], describeFault(error));
    }
    const { subject } = login;
    if (transaction.acr.length > 0 && !transaction.acr.includes(subject.acr)) return fail(FAILURES.weak, 'acr');
    // The session changed by a login in another tab: only the same person may go on in it.
    if (moved && !isSamePerson(call, login)) return fail(FAILURES.changed, 'another person logged in meanwhile');
    if ((await context.isBlocked?.(subject)) === true) {
      await context.report?.({ what: 'login', subject: subject.id, why: 'blocked', outcome: 'refused' });
      return fail(FAILURES.blocked, 'blocked');
    }
    const grant = await desk.admit(call, login);
    await context.report?.({ what: 'login', subject: subject.id, why: '', outcome: 'done' });
    return done(call, returnTo, [...cookies, ...grant]);
  };

  async function exchange(
    { config, clock }: OidcContext,
    client: Configuration,
    transaction: Transaction,
    parameters: URLSearchParams,
  ): Promise<StoredLogin> {
    const url = new URL(callbackUrl(context, transaction.origin));
    url.search = comparable(config, client, parameters).toString();
    const response = await authorizationCodeGrant(client, url, {
      expectedState: transaction.state,
      pkceCodeVerifier: transaction.verifier,
      ...(config.oauth === undefined ? { expectedNonce: transaction.nonce, idTokenExpected: true } : {}),
      ...(transaction.maxAge < 0 ? {} : { maxAge: transaction.maxAge }),
    });
    const id = response.claims();
    const options = { name, config, client, now: clock.wall(), longest: policy().session.max };
    return toLogin(options, { response, id });
  }
}

/**
 * The library compares `iss` with the issuer (RFC 9207 §2.4). Where the configuration names none, it has to be of the
 * origin that people were sent to; the address that the answer came to is this provider's alone besides.
 */
function comparable(config: ProviderConfig, client: Configuration, parameters: URLSearchParams): URLSearchParams {
  const issuer = parameters.get('iss');
  if (config.issuer !== undefined || issuer === null) return parameters;
  const others = new URLSearchParams(parameters);
  if (URL.parse(issuer)?.origin === client.serverMetadata().issuer) others.delete('iss', issuer);
  return others;
}

/** Cookies know no ports, and a reload may have changed the provider's meaning. */
function belongsHere(context: OidcContext, call: EndpointCall, { origin, issuer }: Transaction): boolean {
  return origin === ownOrigin(context, call) && issuer === shortHash(identityOf(context.config));
}

const sessionHash = ({ session }: EndpointCall): string => (session === null ? '' : shortHash(session.id));

function isSamePerson({ session }: EndpointCall, { subject }: StoredLogin): boolean {
  const current = session?.login?.subject;
  return current !== undefined && current.source === subject.source && current.id === subject.id;
}
