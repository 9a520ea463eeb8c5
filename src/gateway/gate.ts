import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { judge } from '../adapters/node.ts';
import { drain } from '../adapters/node/body.ts';
import { send } from '../adapters/node/send.ts';
import { toViewOfNothing } from '../adapters/node/view.ts';
import type { Config, Mode } from '../guard/config.ts';
import type { Answer, Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { RequestView } from '../guard/view.ts';
import type { FieldRules } from './fields.ts';
import type { Frontend } from './frontend.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';
import { listen, parseListen, stopListening } from './listen.ts';
import { answerAndClose, malformedAnswer, malformedDecision } from './malformed.ts';
import { forward } from './proxy.ts';
import type { Assertions, Route } from './proxy.ts';
import type { Pages } from './page.ts';
import { toOwnAnswer } from './response-fields.ts';
import { isWebSocketUpgrade, responseOn, tunnel } from './socket.ts';
import type { Tunnels } from './socket.ts';
import { readServerTls } from './tls.ts';
import { createUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** A running gate. */
export interface Gate {
  readonly guard: Guard;
  /** Where people reach it: `public`, else scheme and address. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** The configuration in force, its `listen` with the real port. */
  readonly config: Config;
  mode(): Mode;
  setMode(mode: Mode): void;
  /** Puts another configuration in force; requests under way finish under the old one. Throws ConfigError. */
  reload(config: Config): void;
  /** Requests being answered and tunnels open now. */
  stats(): GateStats;
  /** The listening socket, for a successor that takes it over. */
  readonly server: NetServer;
  /** Stops accepting, finishes what is under way, and ends what is left after `graceMs`. Default 10 s. */
  close(options?: { graceMs?: number }): Promise<void>;
}

export interface GateStats {
  readonly requests: number;
  readonly tunnels: number;
  readonly connections: number;
}

/** What the gate is put together from. All but the guard can be left out. */
export interface GateParts {
  /** Makes the guard once the real port is known. */
  createGuard(config: Config): Guard | Promise<Guard>;
  createPages?(guard: Guard): Pages;
  createAssertions?(config: Config, guard: Guard): Assertions & { jwks(): object };
  createFrontend?(dir: string, pages: Pages): Frontend;
  /** Told of every decision, those made before and after the guard's own among them. */
  onDecision?(decision: Decision, view: RequestView): void;
  /** Told what the backend answered, once its head is there. */
  onSettled?(decision: Decision, view: RequestView, status: number): void;
  onRequestStart?(): void;
  onRequestEnd?(): void;
  /** A socket that already listens, from a process that is about to stop. */
  inherited?: NetServer | null;
}

const DEFAULT_LISTEN = '127.0.0.1:4000';
const DEFAULT_GRACE_MS = 10_000;

/** Field lines a request may have; node's own limit would cut the rest off in silence. */
const MAX_FIELDS = 200;

/** Milliseconds that kept-alive connections get to send one more request before a stop closes them. */
const LINGER_MS = 1_500;

/** Seconds, as browsers ask for in their preload lists' stead (ASVS 3.4.1). */
const HSTS = 'max-age=31536000';

/** Starts a gate from its parts; see index.ts for the usual ones. */
export async function startGateWith(given: Config, parts: GateParts): Promise<Gate> {
  const server = createServerFor(given);
  const want = parseListen(given.listen ?? DEFAULT_LISTEN);
  // From the first moment on requests may come; they wait until the guard, which must know the port, is there.
  const started = Promise.withResolvers<Stage>();
  started.promise.catch(() => {});
  const traffic = createTraffic(server, started.promise, parts);
  const address = await listen(server, want, parts.inherited ?? null);
  let stage: Stage;
  try {
    stage = await createStage({ ...given, listen: `${want.shown}:${address.port}` }, parts, traffic);
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
  traffic.enter(stage);
  started.resolve(stage);

  return {
    get guard() {
      return stage.guard;
    },
    get url() {
      const { config } = stage;
      return config.public ?? `${config.tls === undefined ? 'http' : 'https'}://${want.named}:${address.port}`;
    },
    address,
    get config() {
      return stage.config;
    },
    mode: () => stage.guard.policy.mode,
    setMode(mode) {
      stage = stage.reload({ ...stage.config, mode }, server);
      traffic.enter(stage);
    },
    reload(config) {
      stage = stage.reload({ ...config, listen: stage.config.listen ?? DEFAULT_LISTEN }, server);
      traffic.enter(stage);
    },
    stats: () => traffic.stats(),
    server,
    async close({ graceMs = DEFAULT_GRACE_MS } = {}) {
      stage.health.drain();
      await traffic.close(graceMs);
      await stage.guard.close();
      await stage.route.upstream.destroy();
    },
  };
}

function createServerFor(config: Config): Server | HttpsServer {
  const options = {
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: 32 * 1024,
    headersTimeout: 15_000,
    // Uploads and streams take as long as they take; a body that stands still is ended by its reader.
    requestTimeout: 0,
    keepAliveTimeout: 10_000,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
  };
  const server =
    config.tls === undefined ? createHttpServer(options) : createHttpsServer({ ...options, ...readServerTls(config.tls) });
  server.maxHeadersCount = 0;
  return server;
}

/** What one configuration consists of at run time. Requests keep the stage they began on. */
interface Stage {
  readonly config: Config;
  readonly guard: Guard;
  readonly route: Route;
  readonly frontend: Frontend | null;
  readonly jwks: () => object;
  readonly health: Health;
  reload(config: Config, server: Server | HttpsServer): Stage;
}

async function createStage(config: Config, parts: GateParts, traffic: Traffic): Promise<Stage> {
  const guard = await parts.createGuard(config);
  const listener = parts.onDecision;
  if (listener !== undefined) guard.onDecision(listener);
  const { draining } = traffic;
  const onFault = (decision: Decision, view: RequestView): void => listener?.(decision, view);
  const health = createHealth();
  const make = (next: Config, upstream: Upstream): Stage => {
    const pages = parts.createPages?.(guard) ?? null;
    const assertions = parts.createAssertions?.(next, guard) ?? null;
    return {
      config: next,
      guard,
      route: { guard, rules: fieldRules(next, guard), upstream, pages, assertions, draining, onFault, onSettled: parts.onSettled ?? null },
      frontend: next.frontend === undefined || pages === null ? null : (parts.createFrontend?.(next.frontend, pages) ?? null),
      health,
      jwks: () => assertions?.jwks() ?? { keys: [] },
      reload(changed, server) {
        const same = JSON.stringify([next.to, next.upstream]) === JSON.stringify([changed.to, changed.upstream]);
        // Everything that can fail comes before anything is changed.
        const tls = changed.tls === undefined ? null : readServerTls(changed.tls);
        if ((tls !== null) !== 'setSecureContext' in server) {
          throw new Error('tls: TLS cannot be switched on or off while the gate runs; restart it');
        }
        const fresh = same ? upstream : createUpstream(changed);
        guard.reload(changed);
        if (tls !== null && 'setSecureContext' in server) server.setSecureContext(tls);
        if (!same) void upstream.close();
        return make(changed, fresh);
      },
    };
  };
  return make(config, createUpstream(config));
}

function fieldRules(config: Config, guard: Guard): FieldRules {
  const backend = new URL(config.to ?? 'http://localhost');
  const host = config.upstream?.host ?? '';
  const origins = [backend.origin];
  if (host !== '') origins.push(`http://${host}`, `https://${host}`);
  const shown = config.public === undefined ? null : new URL(config.public);
  const secure = shown !== null && shown.protocol === 'https:';
  return {
    policy: guard.policy,
    upstreamHost: host,
    upstreamOrigins: origins,
    hsts: secure && guard.policy.mode === 'enforce' ? HSTS : '',
    hstsAuthority: shown === null ? '' : shown.host,
  };
}

/** Everything that comes in by the server, under whichever stage is current. */
interface Traffic {
  /** Requests that come from now on are served by this stage. */
  enter(stage: Stage): void;
  draining(): boolean;
  stats(): GateStats;
  close(graceMs: number): Promise<void>;
}

function createTraffic(server: Server | HttpsServer, first: Promise<Stage>, parts: GateParts): Traffic {
  let current: Stage | null = null;
  const withStage = (act: (stage: Stage) => void): void => {
    if (current !== null) act(current);
    else first.then(act, () => {});
  };
  const answering = new Map<Duplex, ServerResponse>();
  const connections = new Set<Socket>();
  const tunnels: Tunnels = new Set();
  let draining = false;

  const onRequest: RequestListener = (request, response) => {
    answering.set(request.socket, response);
    parts.onRequestStart?.();
    response.on('close', () => {
      parts.onRequestEnd?.();
      if (answering.get(request.socket) === response) answering.delete(request.socket);
    });
    if (draining) response.shouldKeepAlive = false;
    withStage((stage) => serve(stage, request, response));
  };
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, early: Buffer) => {
    withStage((stage) => upgrade(stage, request, socket, early, tunnels));
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    withStage((stage) => refuseMalformed(stage, socket, request.socket.remoteAddress ?? ''));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    withStage((stage) => onClientError(stage, error, socket, answering.get(socket)));
  });
  server.on('dropRequest', (_request: IncomingMessage, socket: Duplex) => socket.destroy());
  // With TLS, requests name the TLS socket, not the one underneath.
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });

  return {
    enter(stage) {
      current = stage;
    },
    draining: () => draining,
    stats: () => ({ requests: answering.size, tunnels: tunnels.size, connections: connections.size }),
    async close(graceMs) {
      draining = true;
      await stopListening(server, { connections, answering, tunnels, graceMs, lingerMs: Math.min(LINGER_MS, graceMs) });
    },
  };
}

function serve(stage: Stage, request: IncomingMessage, response: ServerResponse): void {
  if (request.rawHeaders.length > MAX_FIELDS * 2) {
    const decision = malformedDecision(stage.guard.policy);
    response.shouldKeepAlive = false;
    stage.route.onFault(decision, toViewOfNothing(request.socket.remoteAddress ?? ''));
    send(request, response, malformedAnswer(stage.guard.policy, decision));
    return;
  }
  const own = ownAnswer(stage, request);
  if (own !== null) {
    send(request, response, own);
    return;
  }
  judge(stage.guard, request, response, (decision, view) => admit(stage, request, response, decision, view));
}

/** What needs no guard: whether the gate lives, and by which keys it asserts. */
function ownAnswer(stage: Stage, request: IncomingMessage): Answer | null {
  const { mount } = stage.guard.policy;
  const { method, url = '' } = request;
  if (!url.startsWith(mount) || (method !== 'GET' && method !== 'HEAD')) return null;
  if (url === `${mount}/health`) return stage.health.answer();
  if (url === `${mount}/jwks.json`) return plain('application/jwk-set+json', 'max-age=60', JSON.stringify(stage.jwks()));
  return null;
}

function plain(type: string, cache: string, body: string): Answer {
  return {
    status: 200,
    fields: ['Content-Type', type, 'Cache-Control', cache, 'X-Content-Type-Options', 'nosniff'],
    body,
  };
}

function admit(
  stage: Stage,
  request: IncomingMessage,
  response: ServerResponse,
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
  request: IncomingMessage,
  response: ServerResponse,
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
}

/** What no gate may pass on in any mode: another host's target (R10), and methods that echo or tunnel. */
function notForwarded(view: RequestView, decision: Decision): Decision | null {
  const code = !view.target.startsWith('/') ? 'target' : view.method === 'TRACE' ? 'method' : '';
  return code === '' ? null : { ...decision, outcome: 'refuse', code, layer: 'target' };
}

function upgrade(stage: Stage, request: IncomingMessage, socket: Duplex, early: Buffer, tunnels: Tunnels): void {
  socket.on('error', () => socket.destroy());
  const response = responseOn(request, socket);
  judge(stage.guard, request, response, (decision, view) => {
    const refused = notForwarded(view, decision);
    if (refused !== null) {
      send(request, response, stage.guard.refusalAnswer(view, refused));
      return;
    }
    return tunnel(stage.route, request, response, socket, early, view, decision, tunnels);
  });
}

function onClientError(
  stage: Stage,
  error: NodeJS.ErrnoException,
  socket: Duplex,
  response: ServerResponse | undefined,
): void {
  // Where an answer is under way, another one would be read as part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || response?.headersSent === true) {
    socket.destroy();
    return;
  }
  const peer = 'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : '';
  refuseMalformed(stage, socket, peer);
}

function refuseMalformed(stage: Stage, socket: Duplex, peer: string): void {
  const decision = malformedDecision(stage.guard.policy);
  stage.route.onFault(decision, toViewOfNothing(peer));
  answerAndClose(socket, malformedAnswer(stage.guard.policy, decision));
}
