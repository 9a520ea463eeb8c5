import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Decision } from '../guard/decision.ts';
import type { Watched } from '../guard/open.ts';
import type { RequestView } from '../guard/view.ts';
import { closeFrame, createFrameEdge, POLICY_VIOLATION } from './websocket-frames.ts';
import { forward } from './proxy.ts';
import type { Route } from './route.ts';

/** Only WebSocket opening handshakes (RFC 6455 §4.1) switch protocols here; other offers are ignored (RFC 9110 §7.8). */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    request.method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

/** An answer that can be written on a socket that node has taken out of its HTTP server. */
export function responseOn(request: IncomingMessage, socket: Duplex & { _httpMessage?: unknown }): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // Node types this as net.Socket; with TLS it is a TLSSocket, which is one.
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  response.on('finish', () => {
    response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]);
    socket.end();
  });
  return response;
}

/** Tunnels that are open, so that a stop can end them. */
export type Tunnels = Set<Duplex>;

/** Forwards an admitted upgrade; from the backend's 101 on, bytes pass both ways untouched. */
export async function tunnel(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  client: Duplex,
  early: Buffer,
  view: RequestView,
  decision: Decision,
  tunnels: Tunnels,
): Promise<void> {
  await forward(route, request, response, view, decision, (status, fields, backend) => {
    response.detachSocket(client as Parameters<ServerResponse['detachSocket']>[0]);
    client.write(headOf(status, fields), 'latin1');
    if (early.length > 0) client.unshift(early);
    join(client, backend, tunnels, (end) => route.guard.watch?.({ decision, view, end }));
  });
}

function headOf(status: number, fields: readonly string[]): string {
  let head = `HTTP/1.1 ${status} Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${head}\r\n`;
}

/** How long a client that was told to go gets to close its socket. */
const FAREWELL_MS = 1000;

/**
 * Whichever side closes or breaks, the other goes too.
 *
 * @param watch has the tunnel ended once what it was admitted by no longer holds
 */
function join(
  client: Duplex,
  backend: Duplex,
  tunnels: Tunnels,
  watch: (end: (refused: Decision) => void) => Watched | undefined,
): void {
  const frames = createFrameEdge();
  const revoke = (refused: Decision): void => {
    client.unpipe(backend).resume();
    backend.unpipe(client);
    // In the midst of a frame, ours would be read as a part of it.
    if (!frames.atEdge()) {
      end();
      return;
    }
    client.end(closeFrame(POLICY_VIOLATION, refused.code));
    backend.destroy();
    setTimeout(end, FAREWELL_MS).unref();
  };
  const watched = watch(revoke);
  const end = (): void => {
    watched?.leave();
    client.destroy();
    backend.destroy();
    tunnels.delete(client);
  };
  tunnels.add(client);
  client.on('error', end).on('close', end);
  backend.on('error', end).on('close', () => {
    // What the backend said last may still be on its way out.
    if (client.writableFinished) end();
    else client.end();
  });
  if (watched !== undefined) backend.on('data', (chunk: Buffer) => frames.take(chunk));
  client.pipe(backend);
  backend.pipe(client);
}
