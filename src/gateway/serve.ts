import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { judge } from '../adapters/node.ts';
import { drain } from '../adapters/node/body.ts';
import type { Incoming, Outgoing } from '../adapters/node/message.ts';
import { send } from '../adapters/node/send.ts';
import { toViewOfNothing } from '../adapters/node/view.ts';
import { watchAnswer } from '../adapters/node/watch.ts';
import type { Answer, Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import type { Frontend } from './frontend.ts';
import { answerAndClose, malformedAnswer, malformedDecision } from './malformed.ts';
import { forward } from './proxy.ts';
import { toOwnAnswer } from './response-fields.ts';
import { responseOn, tunnel } from './socket.ts';
import type { Tunnels } from './socket.ts';
import type { Stage } from './stage.ts';

/** Field lines a request may have; node's own limit would cut the rest off in silence. */
const MAX_FIELDS = 200;

/** Answers one request: by itself, by the guard, from the folder, or from the backend. */
export function serve(stage: Stage, request: Incoming, response: Outgoing): void {
  if (request.rawHeaders.length > MAX_FIELDS * 2) {
    refuseHead(stage, request, response);
    return;
  }
  const own = ownAnswer(stage, request);
  if (own !== null) {
    send(request, response, own);
    return;
  }
  judge(stage.guard, request, response, (decision, view, call) => admit(stage, call, response, decision, view));
}

/** Refuses a request whose head no layer should see. */
export function refuseHead(stage: Stage, request: Incoming, response: Outgoing): void {
  const decision = malformedDecision(stage.guard.policy);
  response.shouldKeepAlive = false;
  stage.route.onFault(decision, toViewOfNothing(request.socket.remoteAddress ?? ''));
  send(request, response, malformedAnswer(stage.guard.policy, decision));
}

/** What needs no guard: whether the gate lives, and by which keys it asserts. */
function ownAnswer(stage: Stage, request: Incoming): Answer | null {
  const { mount } = stage.guard.policy;
  const { method, url = '' } = request;
  if (!url.startsWith(mount)) return null;
  const isHealth = url === `${mount}/health`;
  if (!isHealth && url !== `${mount}/jwks.json`) return null;
  // Any other gets 405 with what it may be (RFC 9110 §15.5.6).
  if (method !== 'GET' && method !== 'HEAD') return ONLY_READ;
  if (isHealth) return stage.health.answer();
  return plain('application/jwk-set+json', 'max-age=60', JSON.stringify(stage.jwks()));
}

const ONLY_READ: Answer = { status: 405, fields: ['Allow', 'GET, HEAD', 'Cache-Control', 'no-store'], body: '' };

function plain(type: string, cache: string, body: string): Answer {
  return {
    status: 200,
    fields: ['Content-Type', type, 'Cache-Control', cache, 'X-Content-Type-Options', 'nosniff'],
    body,
  };
}

function admit(
  stage: Stage,
  request: Incoming,
  response: Outgoing,
  decision: Decision,
  view: RequestView,
): void | Promise<void> {
  const refused = notForwarded(view, decision);
  if (refused !== null) {
    stage.route.onFault(refused, view);
    send(request, response, stage.guard.refusalAnswer(view, refused));
    return;
  }
  if (stage.frontend?.takes(view, decision) === true) {
    return serveFile(stage, stage.frontend, request, response, view, decision);
  }
  return forward(stage.route, request, response, view, decision);
}

async function serveFile(
  stage: Stage,
  frontend: Frontend,
  request: Incoming,
  response: Outgoing,
  view: RequestView,
  decision: Decision,
): Promise<void> {
  const { status, fields, body } = await frontend.handle(view, decision);
  response.sendDate = false;
  response.writeHead(status, toOwnAnswer(stage.route.rules, view, decision, fields));
  drain(request);
  if (body === null) {
    response.end();
    return;
  }
  body.on('error', () => response.destroy());
  response.on('close', () => body.destroy());
  body.pipe(response);
  watchAnswer(stage.guard, decision, view, response);
}

/** What no gate may pass on in any mode: another host's target (R10), and methods that echo or tunnel. */
function notForwarded(view: RequestView, decision: Decision): Decision | null {
  const code = !view.target.startsWith('/') ? 'target' : view.method === 'TRACE' ? 'method' : '';
  return code === '' ? null : { ...decision, outcome: 'refuse', code, layer: 'target' };
}

/** Judges an upgrade before anything is switched; a refusal is an HTTP answer on the socket. */
export function upgrade(stage: Stage, request: IncomingMessage, socket: Duplex, early: Buffer, tunnels: Tunnels): void {
  socket.on('error', () => socket.destroy());
  if (request.rawHeaders.length > MAX_FIELDS * 2) {
    refuseMalformed(stage, socket, request.socket.remoteAddress ?? '');
    return;
  }
  const response = responseOn(request, socket);
  judge(stage.guard, request, response, (decision, view) => {
    const refused = notForwarded(view, decision);
    if (refused !== null) {
      send(request, response, stage.guard.refusalAnswer(view, refused));
      return;
    }
    // The answer ends with the handshake, what it opened with the socket.
    socket.once('close', () => stage.guard.finish?.(decision));
    return tunnel(stage.route, request, response, socket, early, view, decision, tunnels);
  });
}

/** What node's parser would not read. */
export function onClientError(
  stage: Stage,
  error: NodeJS.ErrnoException,
  socket: Duplex,
  response: ServerResponse | undefined,
): void {
  // Browsers open connections ahead of need, and some are never used: nothing was asked, so nothing is refused.
  const unused = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && response === undefined;
  // Nor was anything where the client left before all of its request was there.
  const left = error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE';
  if (left || unused || !socket.writable) {
    socket.destroy();
    return;
  }
  const peer = 'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : '';
  const refuse = (): void => refuseMalformed(stage, socket, peer);
  if (response === undefined || response.writableFinished) refuse();
  // What cannot be read came behind a whole request: that one's answer goes first, else ours would be taken for it.
  else if (response.req.complete) response.once('finish', refuse);
  else if (response.headersSent) socket.destroy();
  else refuse();
}

export function refuseMalformed(stage: Stage, socket: Duplex, peer: string): void {
  const decision = malformedDecision(stage.guard.policy);
  stage.route.onFault(decision, toViewOfNothing(peer));
  answerAndClose(socket, malformedAnswer(stage.guard.policy, decision));
}
