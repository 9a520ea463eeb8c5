import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { listen, type ListenAddress, listenShared } from '../listen.ts';
import { createPortStream } from './port-stream.ts';
import type { Member } from './supervisor.ts';

/** How connections get to the workers. */
export interface Entrance {
  readonly host: string;
  readonly port: number;
  /** Whether each worker listens itself. */
  readonly isShared: boolean;
  /** The one socket that all connections come in by; null where workers listen themselves. */
  readonly server: NetServer | null;
  /** Nobody else gets in. */
  close(): void;
}

export interface EntranceParts {
  readonly want: ListenAddress;
  /** Whether this system shares a port out among several sockets. */
  canShare(host: string): Promise<boolean>;
  members(): readonly Member[];
  /** From the process that this one replaces; null where there is none, or its workers listen themselves. */
  readonly inherited: NetServer | null;
  /** Port at which the process that this one replaces still listens, by sockets of its workers; 0 where none does. */
  readonly besides: number;
}

/** @throws SallyportError `listen` where the address cannot be had */
export async function openEntrance(parts: EntranceParts): Promise<Entrance> {
  const { want, inherited } = parts;
  if (inherited === null && (await parts.canShare(want.host))) {
    const address = parts.besides !== 0 ? { host: want.host, port: parts.besides } : await freeAddress(want);
    return { ...address, isShared: true, server: null, close: () => {} };
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.maxConnections = MAX_CONNECTIONS;
  const open = new Map<number, number>();
  server.on('connection', (socket) => handOn(socket, parts.members(), open));
  const address = await listen(server, want, inherited);
  return { ...address, isShared: false, server, close: () => void server.close() };
}

/** As many as one worker takes by itself. */
const MAX_CONNECTIONS = 20_000;

/**
 * Sockets that share a port take it beside others of this user without a word: whether it is free is asked as if it
 * were for one alone.
 */
async function freeAddress(want: ListenAddress): Promise<{ host: string; port: number }> {
  const alone = createServer();
  const { port } = await listen(alone, want, null);
  await new Promise((resolve) => alone.close(resolve));
  return { host: want.host, port };
}

/** To whoever has the fewest connections. A socket cannot be given to another thread: its bytes are. */
function handOn(socket: Socket, members: readonly Member[], open: Map<number, number>): void {
  const countOf = ({ worker }: Member): number => open.get(worker) ?? 0;
  const [first, ...rest] = members;
  if (first === undefined) {
    socket.destroy();
    return;
  }
  const member = rest.reduce((least, each) => (countOf(each) < countOf(least) ? each : least), first);
  open.set(member.worker, countOf(member) + 1);
  const { port1, port2 } = new MessageChannel();
  const stream = createPortStream(port1, '');
  socket.on('close', () => {
    open.set(member.worker, countOf(member) - 1);
    stream.destroy();
  });
  socket.on('error', () => stream.destroy());
  stream.on('error', () => socket.destroy());
  stream.on('close', () => {
    // What was written last may still be on its way out.
    if (!socket.writableEnded) socket.destroy();
  });
  member.calls.tell('connection', { peer: socket.remoteAddress ?? '', port: port2 }, [port2]);
  stream.pipe(socket);
  socket.pipe(stream);
}

/** Whether two sockets of this process can listen on one port. */
export async function canSharePort(host: string): Promise<boolean> {
  const [one, other] = [createServer(), createServer()];
  try {
    await listenShared(one, { host, port: 0 });
    const address = one.address();
    if (address === null || typeof address === 'string') return false;
    await listenShared(other, { host, port: address.port });
    return true;
  } catch {
    return false;
  } finally {
    one.close();
    other.close();
  }
}
