import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import { checkWhileRead, giveBack } from './node/checked.ts';
import { hearAnswer, isHeard } from './node/hear.ts';
import { refuseGateOnly } from './node/keepable.ts';
import type { Incoming, Outgoing } from './node/message.ts';
import { dropOverrides } from './node/overrides.ts';
import { send } from './node/send.ts';
import { unseal } from './node/unseal.ts';
import { toView } from './node/view.ts';
import { watchAnswer } from './node/watch.ts';

export { httpDate, send } from './node/send.ts';
export { toView } from './node/view.ts';

/** What runs once the guard has admitted a request. */
export type Next = (
  request: IncomingMessage,
  response: ServerResponse,
  decision: Decision,
  view: RequestView,
) => void | Promise<void>;

/**
 * Puts a guard in front of a node:http server: `createServer(createNodeHandler(guard, app))`. Answers the guard's own
 * addresses, refuses what the guard refuses, and hands everything else to `next`. `request` can then be read as if
 * nobody had read it before; one whose body turns out not to fit its proof breaks off before its last bytes. Sees no
 * WebSocket upgrades: node hands those to whoever listens for `upgrade`.
 *
 * Throws ConfigError where the guard's configuration asks for what only the gate can keep; from then on `guard.reload`
 * does the same for the next one.
 */
export function createNodeHandler(
  guard: Guard,
  next: Next,
): (request: IncomingMessage, response: ServerResponse) => void {
  refuseGateOnly(guard.policy.config);
  guard.beforeReload?.(refuseGateOnly);
  return function handle(sent, response) {
    judge(guard, sent, response, (decision, view, request) => {
      for (let i = 0; i + 1 < decision.responseFields.length; i += 2) {
        response.appendHeader(decision.responseFields[i] ?? '', decision.responseFields[i + 1] ?? '');
      }
      // Report mode changes nothing that an app may live by.
      if (guard.policy.mode === 'enforce') dropOverrides(request);
      if (decision.body !== null) giveBack(request, decision.body);
      if (decision.rewritten === true) request.headers['content-length'] = String(decision.body?.length ?? 0);
      const { streamDigest: digest, form = null } = decision;
      if (digest !== null || form !== null) checkWhileRead(request, digest, form);
      if (isHeard(guard, decision)) hearAnswer(guard, decision, view, response);
      const done = next(request, response, decision, view);
      watchAnswer(guard, decision, view, response);
      // An app may never settle it: what the call has open is free when its answer's connection closes.
      if (done !== undefined) done.catch(() => response.destroy());
    });
  };
}

/**
 * What happens to a request that passes. A call that came sealed is another request than the one that was sent. What a call
 * has open stays so until the promise is settled, though its client has left: it is for what goes on without one.
 */
export type Admitted<Request> = (decision: Decision, view: RequestView, request: Request) => void | Promise<void>;

/** Runs the guard; calls `admitted` for what passes, and answers everything else. For adapters and the gate. */
export function judge<Request extends Incoming>(
  guard: Guard,
  request: Request,
  response: Outgoing,
  admitted: Admitted<Request | IncomingMessage>,
): void {
  const seen = toView(request, response);
  const view = guard.translate === undefined ? seen : guard.translate(seen);
  if (guard.sealed?.takes(view) !== true) {
    judgeView(guard, { request, view }, response, admitted);
    return;
  }
  unseal(guard.sealed, request, response, view).then(
    (call) => {
      if ('status' in call) send(request, response, call);
      else judgeView(guard, call, response, admitted);
    },
    () => response.destroy(),
  );
}

/** What a call has open is free when nobody is at it any more: some go on when their client has left. */
function finishAfter(guard: Guard, decision: Decision, done: void | Promise<void>): void {
  const finish = (): void => guard.finish?.(decision);
  if (done === undefined) finish();
  else done.then(finish, finish);
}

function judgeView<Request extends Incoming>(
  guard: Guard,
  { request, view }: { readonly request: Request; readonly view: RequestView },
  response: Outgoing,
  admitted: Admitted<Request>,
): void {
  const failed = (): void => {
    response.destroy();
  };
  const act = (decision: Decision): void => {
    if (decision.outcome !== 'admit') send(request, response, guard.refusalAnswer(view, decision));
    else if (decision.answer !== null) send(request, response, decision.answer);
    // The client left while its request was judged, and nobody would hear that it does.
    else if (response.destroyed) guard.unsent?.(decision);
    else {
      let done: void | Promise<void>;
      // Listened for first: what is admitted may throw, and its places have to come free all the same.
      if (decision.holds !== undefined && decision.holds.length > 0)
        response.once('close', () => finishAfter(guard, decision, done));
      done = admitted(decision, view, request);
      if (done !== undefined) done.catch(failed);
    }
  };
  if (guard.owns(view)) {
    guard.serve(view).then((answer) => send(request, response, answer), failed);
    return;
  }
  const decision = guard.decide(view);
  if (decision instanceof Promise) decision.then(act).catch(failed);
  else act(decision);
}
