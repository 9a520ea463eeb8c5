import { IncomingBody } from '../adapters/node/body.ts';
import type { Incoming, Outgoing } from '../adapters/node/message.ts';
import type { Decision } from '../guard/decision.ts';
import { wouldRefuse } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { RequestView } from '../guard/view.ts';
import { HELD_BODY_BYTES } from '../wire/constants.ts';
import { BodyError, Upload } from './body.ts';
import { Exchange } from './exchange.ts';
import { without } from './fieldlist.ts';
import { toBackend } from './fields.ts';
import { UnsureError } from './forward-faults.ts';
import type { Route, Upgraded } from './route.ts';

/**
 * Forwards one admitted request. Never throws; every fault becomes an answer or closes the connection. Where the request has
 * something open (`holds`) it resolves when all is over, else when it has left.
 */
export async function forward(
  route: Route,
  request: Incoming,
  response: Outgoing,
  view: RequestView,
  decision: Decision,
  onUpgrade: Upgraded | null = null,
): Promise<void> {
  let fields = toBackend(route.rules, view, decision);
  // An answer that will be read is asked for as it is.
  const { creations, serves, costs } = route.guard;
  if (creations?.takes(decision) || serves?.takes(decision) || costs?.takes(decision))
    fields = without(fields, ['accept-encoding']);
  if (decision.rewritten === true) {
    fields = without(fields, ['content-digest', 'repr-digest', 'content-length']);
    fields.push('Content-Length', String(decision.body?.length ?? 0));
  }
  if (route.pages !== null) fields = route.pages.requestFields(view, fields);
  const exchange = new Exchange(route, request, response, view, decision, onUpgrade);
  try {
    if (route.assertions !== null && !wouldRefuse(decision)) {
      const asserted = route.assertions.fieldFor(decision);
      const value = typeof asserted === 'string' ? asserted : await asserted.catch(unsure);
      if (value !== '') fields.push('Sallyport-Assertion', value);
    }
    const found = bodyFor(route.rules.policy, request, view, decision);
    // Mostly it is there, or there is none: then nothing is awaited.
    const body = found instanceof Promise ? await found : found;
    exchange.depart(fields, body, isLong(view, body, onUpgrade));
  } catch (error) {
    exchange.fail(error);
  }
  if (decision.holds !== undefined && decision.holds.length > 0) await exchange.over();
}

type Content = Uint8Array | Upload | null;

function bodyFor(policy: Policy, request: Incoming, view: RequestView, decision: Decision): Content | Promise<Content> {
  if (decision.body !== null) return decision.body;
  const { body } = view;
  if (body.length === 0) return null;
  if (body.length > 0 && body.length <= HELD_BODY_BYTES && decision.streamDigest === null) {
    return body.collect(HELD_BODY_BYTES).catch(() => {
      throw new BodyError('gone');
    });
  }
  if (body instanceof IncomingBody) body.invite();
  // Report mode stops no body on its way (docs/running.md): what is too large by its head has been recorded.
  const enforced = decision.enforced ?? (policy.mode === 'enforce' && decision.route.mode === 'enforce');
  const { streamDigest: digest, form = null, route } = decision;
  return new Upload(request, { digest, form, limit: enforced ? route.maxBody : 0 });
}

function isLong(view: RequestView, body: Content, onUpgrade: Upgraded | null): boolean {
  return onUpgrade !== null || body instanceof Upload || view.headers.accept.includes('text/event-stream');
}

function unsure(): never {
  throw new UnsureError('the assertion could not be made');
}
