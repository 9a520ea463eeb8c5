import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Gate, type StartParts, startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createMemoryState } from '../../src/stores/memory/index.ts';

/**
 * A small site behind the real gate in enforce mode, for tests of the page's script: a backend that says what it
 * received, a record of what the gate decided, and a clock that tests can turn.
 */
export interface Site {
  readonly url: string;
  readonly gate: Gate;
  /** Requests that reached the backend under /api/, oldest first. */
  readonly received: Received[];
  readonly decisions: readonly Decided[];
  /** Milliseconds that the gate's clock is ahead of this machine's; only ever more. */
  skew: number;
  /** A gate that remembers nothing takes the place of this one. */
  restart(): Promise<void>;
  /** Forgets what was received and decided. */
  clear(): void;
  close(): Promise<void>;
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly length: number;
  /** Hex. */
  readonly sha256: string;
  readonly text: string;
}

export interface Decided {
  readonly outcome: string;
  readonly code: string;
  readonly method: string;
  readonly path: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface SiteOptions {
  readonly config?: Partial<Config>;
  /** Answers of the backend by path, before its own. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** What a gate is started with, asked at each start; a test closes what it opened. */
  readonly parts?: () => Promise<StartParts>;
}

const LIBRARIES: Readonly<Record<string, string>> = {
  '/lib/jquery.js': 'jquery/dist/jquery.min.js',
  '/lib/axios.js': 'axios/dist/axios.min.js',
  '/lib/angular.js': 'angular/angular.min.js',
  '/lib/zone.js': 'zone.js/bundles/zone.umd.min.js',
};

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const received: Received[] = [];
  const decisions: Decided[] = [];
  const backend = createBackend(received, options.handlers ?? {});
  await listen(backend);
  const site = { skew: 0 };
  const clock = { wall: () => Date.now() + site.skew, monotonic: () => performance.now() };
  // Where a test turns the clock, time has passed; a clock that was put forward would free no limit.
  const passed = () => performance.now() + site.skew;
  const record = (decision: Decision, request: { method: string; path: string }) => {
    const { outcome, code } = decision;
    decisions.push({ outcome, code: code ?? '', method: request.method, path: request.path });
  };
  const parts: StartParts = { clock, onDecision: record };
  const start = async (port: number) =>
    startGate(
      {
        to: origin(backend),
        listen: `127.0.0.1:${port}`,
        mode: 'enforce',
        mint: { perPrefix: 100_000, total: 100_000 },
        ...options.config,
      },
      { ...parts, state: createMemoryState({ monotonic: passed }), ...(await options.parts?.()) },
    );
  let gate = await start(0);
  // Browsers under test are slow: what they still hold open does not keep a gate.
  const stop = () => gate.close({ graceMs: 50 });
  return {
    get url() {
      return gate.url;
    },
    get gate() {
      return gate;
    },
    received,
    decisions,
    get skew() {
      return site.skew;
    },
    set skew(milliseconds) {
      site.skew = milliseconds;
    },
    async restart() {
      const { port } = gate.address;
      await stop();
      gate = await start(port);
    },
    clear() {
      received.length = 0;
      decisions.length = 0;
    },
    async close() {
      await stop();
      backend.closeAllConnections();
      await new Promise((resolve) => backend.close(resolve));
    },
  };
}

function origin(server: Server): string {
  const address = server.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function createBackend(received: Received[], handlers: Readonly<Record<string, Handler>>): Server {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      return response.destroy();
    }
    const body = Buffer.concat(pieces);
    const url = new URL(request.url ?? '/', 'http://backend');
    const note: Received = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      length: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      text: body.length < 10_000 ? body.toString() : '',
    };
    if (url.pathname.startsWith('/api/')) received.push(note);
    const handler = handlers[url.pathname];
    if (handler) return handler(request, response, body);
    const library = LIBRARIES[url.pathname];
    if (library !== undefined) {
      response.setHeader('content-type', 'text/javascript');
      return response.end(await readFile(new URL(`../../node_modules/${library}`, import.meta.url)));
    }
    if (url.pathname.startsWith('/api/echo')) {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(note));
    }
    if (url.pathname.startsWith('/api/')) {
      response.statusCode = Number(url.searchParams.get('status') ?? 200);
      return response.end(url.searchParams.get('say') ?? 'fine');
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('cache-control', url.searchParams.get('cache') ?? 'no-cache');
    const policy = url.searchParams.get('csp');
    if (policy) response.setHeader('content-security-policy', policy);
    response.end(pageOf(url.searchParams));
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  server.on('upgrade', (request, socket, head) => {
    received.push({ method: 'GET', url: request.url ?? '', headers: request.headers, length: 0, sha256: '', text: '' });
    if (request.url === '/api/dead') {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (made) => {
      made.on('message', (data, binary) => made.send(data, { binary }));
    });
  });
  return server;
}

/** `head` and `body` in the query become part of the page. */
function pageOf(query: URLSearchParams): string {
  return `<!doctype html><html><head><meta charset="utf-8"><title>page</title>${query.get('head') ?? ''}</head><body>${query.get('body') ?? 'page'}</body></html>`;
}
