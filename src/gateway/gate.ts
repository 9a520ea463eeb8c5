import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import type { Ask } from '../guard/ask.ts';
import type { Config, Mode } from '../guard/config.ts';
import type { Decision } from '../guard/decision.ts';
import type { Guard } from '../guard/guard.ts';
import type { Restored } from '../guard/restored.ts';
import type { RequestView } from '../guard/view.ts';
import type { CertificateEvent } from './certificates/event.ts';
import { keepCertificates } from './certificates/keeper.ts';
import { ALONE, type CertificateShare } from './certificates/share.ts';
import type { Frontend } from './frontend.ts';
import { DEFAULT_LISTEN, listen, type ListenAddress, parseListen } from './listen.ts';
import type { Observing } from './observing.ts';
import type { Pages } from './page.ts';
import { coveredBy } from './preload.ts';
import type { Assertions } from './route.ts';
import { isWebSocketUpgrade } from './socket.ts';
import { createStage } from './stage.ts';
import type { Stage } from './stage.ts';
import { createTlsServer } from './tls.ts';
import { createTraffic } from './traffic.ts';

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
  /**
   * Puts another configuration in force; requests under way finish under the old one. Layers that `restored` names go on as
   * the earlier configuration beside them has them. Throws ConfigError.
   */
  reload(config: Config, restored?: ReadonlyMap<string, Restored>): void;
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

/** What the gate lends its guard. */
export interface GuardLinks {
  /** Asks the backend about an object. */
  readonly ask: Ask;
}

/** What the gate is put together from. All but the guard can be left out. */
export interface GateParts {
  /** Makes the guard once the real port is known. */
  createGuard(config: Config, links: GuardLinks): Guard | Promise<Guard>;
  createPages?(guard: Guard): Pages;
  createAssertions?(config: Config, guard: Guard): Assertions & { jwks(): object };
  createFrontend?(dir: string, pages: Pages): Frontend;
  /** Told of every decision, those made before and after the guard's own among them. */
  onDecision?(decision: Decision, view: RequestView): void;
  /** Told what the backend answered, once its head is there. */
  onSettled?(decision: Decision, view: RequestView, status: number): void;
  /** Told of certificates that the gate makes or gets itself. */
  onCertificate?(event: CertificateEvent): void;
  /** Hears of answers while somebody watches. Default: nobody does. */
  observing?: Observing;
  onRequestStart?(): void;
  onRequestEnd?(): void;
  /** A socket that already listens, from a process that is about to stop. */
  inherited?: NetServer | null;
  /** Has connections come in, and says by which address. Default: the server listens there itself. */
  listen?(server: NetServer, want: ListenAddress): Promise<{ host: string; port: number }>;
  /** Its part in looking after certificates. Default: it does so alone. */
  certificates?: CertificateShare;
}

const DEFAULT_GRACE_MS = 10_000;

/** Open sockets to clients; more are not accepted. */
const MAX_CONNECTIONS = 20_000;

/** Starts a gate from its parts; see index.ts for the usual ones. */
export async function startGateWith(given: Config, parts: GateParts): Promise<Gate> {
  const server = createServerFor(given);
  const want = parseListen(given.listen ?? DEFAULT_LISTEN);
  // From the first moment on requests may come; they wait until the guard, which must know the port, is there.
  const started = Promise.withResolvers<Stage>();
  started.promise.catch(() => {});
  const traffic = createTraffic(server, started.promise, parts);
  const address = await (parts.listen?.(server, want) ?? listen(server, want, parts.inherited ?? null));
  let stage: Stage;
  try {
    stage = await createStage({ ...given, listen: `${want.shown}:${address.port}` }, parts, traffic.draining);
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
  traffic.enter(stage);
  started.resolve(stage);
  const keeper =
    'setSecureContext' in server
      ? keepCertificates({
          server,
          config: () => stage.config,
          isApi: (path) => coveredBy(stage.guard.policy, path),
          tell: (event) => parts.onCertificate?.(event),
          now: Date.now,
          share: parts.certificates ?? ALONE,
        })
      : null;

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
    reload(config, restored) {
      stage = stage.reload({ ...config, listen: stage.config.listen ?? DEFAULT_LISTEN }, server, restored);
      traffic.enter(stage);
      keeper?.reload();
    },
    stats: () => traffic.stats(),
    server,
    async close({ graceMs = DEFAULT_GRACE_MS } = {}) {
      stage.health.drain();
      keeper?.close();
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
    connectionsCheckingInterval: 5_000,
    // Uploads and streams take as long as they take; a body that stands still is ended by its reader.
    requestTimeout: 0,
    keepAliveTimeout: 10_000,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
  };
  const server = config.tls === undefined ? createHttpServer(options) : createTlsServer(options, config);
  // No limit of node's: it cuts fields off in silence. serve.ts refuses instead.
  server.maxHeadersCount = 0;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
