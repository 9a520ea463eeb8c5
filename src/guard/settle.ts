import type { Decision } from './decision.ts';
import type { ResponseFacts } from './guard.ts';
import { redirectText } from './redirect.ts';
import type { RedirectGrant, State } from './state.ts';
import type { Hold } from './use.ts';
import type { RequestView } from './view.ts';

/**
 * What has to be known before anybody can act on the backend's answer: which steps are done, what a failed call gives
 * back, where a redirected call may go. Answers with a promise only where state is elsewhere.
 */
export function settle(
  state: State,
  request: RequestView,
  decision: Decision,
  response: ResponseFacts,
  now: number,
): void | Promise<void> {
  const succeeded = response.status < 400;
  const waits: (void | Promise<void>)[] = [];
  for (const hold of decision.holds ?? NONE) waits.push(state.settle(hold, succeeded));
  const { steps } = decision.route;
  if (succeeded && steps.length > 0) {
    const by = { session: decision.sessionRef ?? null, account: decision.key?.account ?? '' };
    for (const { number } of steps) waits.push(state.done({ now, ...by, step: number }));
  }
  const grant = redirectGrant(request, decision, response, now);
  if (grant !== null) waits.push(state.grantRedirect(grant));
  const later = waits.filter((wait) => wait instanceof Promise);
  return later.length === 0 ? undefined : Promise.all(later).then(() => {});
}

const NONE: readonly Hold[] = [];

const GRANT_MS = 30_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The grant for a signed call that the backend redirects inside its own authority: browsers send the old signature to
 * the new target (PROTOCOL 3.11). Null where there is nothing to grant.
 */
export function redirectGrant(
  request: RequestView,
  decision: Decision,
  response: ResponseFacts,
  now: number,
): RedirectGrant | null {
  const { proof } = decision;
  if (proof === null || response.location === '' || !REDIRECTS.has(response.status)) return null;
  const target = ownTarget(request, decision, response.location);
  if (target === null) return null;
  const method = methodAfter(request.method, response.status);
  const same = method === request.method;
  return {
    ticketId: proof.ticket.id,
    windowPlace: proof.ticket.windowPlace,
    nonce: proof.nonce,
    signature: proof.signature,
    redirectTarget: redirectText(request, {
      method,
      target,
      // Browsers drop the body and its type with the method, but not our digest field; what is not there is not compared.
      digest: same && request.body.length !== 0 ? proof.digest : '',
      contentType: same ? request.headers.contentType : '',
      authorization: request.headers.authorization,
      components: proof.components,
    }),
    until: now + GRANT_MS,
  };
}

/** Fetch §4.4, HTTP-redirect fetch, step 12. */
function methodAfter(method: string, status: number): string {
  if (status === 303) return method === 'GET' || method === 'HEAD' ? method : 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

/** Path and query as the browser will send them, or null where Location leads elsewhere. */
function ownTarget(request: RequestView, decision: Decision, location: string): string | null {
  const base = `${decision.secure ? 'https' : 'http'}://${decision.authority}`;
  try {
    const url = new URL(location, base + request.target);
    return url.host === decision.authority ? url.pathname + url.search : null;
  } catch {
    return null;
  }
}
