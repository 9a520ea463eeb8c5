import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { SallyportError } from '../guard/errors.ts';
import type { Link } from './http2/session.ts';

export interface ListenAddress {
  /** As the operating system takes it. */
  readonly host: string;
  readonly port: number;
  /** As configured, brackets and all. */
  readonly shown: string;
  /** As a browser on this machine can name it. */
  readonly named: string;
}

/** Where a gate listens that is not told. */
export const DEFAULT_LISTEN = '127.0.0.1:4000';

/** `127.0.0.1:4000`, `[::1]:4000`, `:4000` (all addresses). */
export function parseListen(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  const shown = colon === -1 ? '127.0.0.1' : text.slice(0, colon);
  const port = Number(text.slice(colon + 1));
  const host = shown.startsWith('[') ? shown.slice(1, -1) : shown;
  const everywhere = host === '' || host === '0.0.0.0' || host === '::';
  return { host: host === '' ? '::' : host, port, shown, named: everywhere ? 'localhost' : shown };
}

/** Listens, or takes over a socket that already does. Throws a SallyportError that says what to do. */
export function listen(
  server: NetServer,
  want: ListenAddress,
  inherited: NetServer | null,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, want));
    server.once('error', onError);
    const onListening = (): void => {
      server.off('error', onError);
      const { address, port } = server.address() as AddressInfo; // null only for pipes and before listening
      resolve({ host: address, port });
    };
    if (inherited !== null) takeOver(server, inherited, onListening);
    else server.listen({ host: want.host, port: want.port, backlog: 1024 }, onListening);
  });
}

/** Listens beside others on one port, among whom the system shares out what connects. Throws where it cannot. */
export function listenShared(server: NetServer, { host, port }: Pick<ListenAddress, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024, reusePort: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const early = new WeakMap<NetServer, Socket[]>();

/**
 * A socket that arrives by IPC accepts from its first moment, before any server of ours stands behind it. To be
 * called in that moment: what connects until then is kept for {@link listen}.
 */
export function keepEarlyConnections(inherited: NetServer): void {
  const sockets: Socket[] = [];
  early.set(inherited, sockets);
  inherited.on('connection', (socket) => sockets.push(socket));
}

function takeOver(server: NetServer, inherited: NetServer, onListening: () => void): void {
  if (!early.has(inherited)) keepEarlyConnections(inherited);
  server.listen(inherited, () => {
    onListening();
    for (const socket of early.get(inherited) ?? []) server.emit('connection', socket);
    early.delete(inherited);
  });
}

function listenError(error: NodeJS.ErrnoException, want: ListenAddress): SallyportError {
  const where = `${want.shown}:${want.port}`;
  const said = LISTEN_ERRORS[error.code ?? ''] ?? `cannot listen (${error.message})`;
  return new SallyportError('listen', `listen is ${where}; ${said}`, { cause: error });
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already: stop it, or choose another port with --listen HOST:PORT',
  EACCES: 'this user may not listen there: choose a port above 1023, or put the gate behind one that may',
  EADDRNOTAVAIL: 'this machine has no such address: use 127.0.0.1, or 0.0.0.0 for all',
};

export interface StopRules {
  readonly connections: ReadonlySet<Socket>;
  readonly answering: ReadonlyMap<Duplex, ServerResponse>;
  readonly tunnels: ReadonlySet<Duplex>;
  /** Connections that speak HTTP/2. */
  readonly links: ReadonlyMap<Socket, Link>;
  readonly graceMs: number;
  readonly lingerMs: number;
}

/**
 * Stops accepting and lets what is under way finish. Kept-alive connections are not cut at once, as
 * `http.Server.close` would: a request that is on its way on one of them would be lost. For `lingerMs` they may
 * send one more, whose answer closes them. By HTTP/2 clients are told which of their
 * requests are still answered.
 */
export async function stopListening(server: Server | NetServer, rules: StopRules): Promise<void> {
  const { connections, links, graceMs, lingerMs } = rules;
  NetServer.prototype.close.call(server);
  const end = performance.now() + graceMs;
  for (const link of links.values()) link.end();
  const lingerEnd = performance.now() + lingerMs;
  while (connections.size > 0 && performance.now() < end) {
    if (performance.now() >= lingerEnd) closeIdle(rules);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const socket of connections) socket.destroy();
  // Ends node's own clock of connections too.
  if ('closeAllConnections' in server) {
    server.closeAllConnections();
    server.close();
  }
}

function closeIdle({ connections, answering, tunnels, links }: StopRules): void {
  for (const socket of connections) {
    if (!answering.has(socket) && !tunnels.has(socket) && !links.has(socket)) socket.destroy();
  }
}
