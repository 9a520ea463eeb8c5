import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Incoming, Outgoing } from '../adapters/node/message.ts';
import type { GateParts, GateStats } from './gate.ts';
import { type Link, onProtocol, startLink } from './http2/session.ts';
import { stopListening } from './listen.ts';
import { onClientError, refuseHead, refuseMalformed, serve, upgrade } from './serve.ts';
import type { Tunnels } from './socket.ts';
import type { Stage } from './stage.ts';

/** Milliseconds that kept-alive connections get to send one more request before a stop closes them. */
const LINGER_MS = 1_500;

/** Everything that comes in by the server, under whichever stage is current. */
export interface Traffic {
  /** Requests that come from now on are served by this stage. */
  enter(stage: Stage): void;
  draining(): boolean;
  stats(): GateStats;
  close(graceMs: number): Promise<void>;
}

/** @param first the stage that requests wait for which come before there is one */
export function createTraffic(server: Server | HttpsServer, first: Promise<Stage>, parts: GateParts): Traffic {
  let current: Stage | null = null;
  const withStage = (act: (stage: Stage) => void): void => {
    if (current !== null) act(current);
    else first.then(act, () => {});
  };
  const answering = new Map<Duplex, ServerResponse>();
  const connections = new Set<Socket>();
  const tunnels: Tunnels = new Set();
  const links = new Map<Socket, Link>();
  let streams = 0;
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
  const onStream = (request: Incoming, response: Outgoing, malformed: boolean): void => {
    streams += 1;
    parts.onRequestStart?.();
    response.on('close', () => {
      streams -= 1;
      parts.onRequestEnd?.();
    });
    withStage((stage) => (malformed ? refuseHead(stage, request, response) : serve(stage, request, response)));
  };
  if ('setSecureContext' in server) {
    onProtocol(server, 'h2', (socket: TLSSocket) => {
      const link = startLink(socket, onStream);
      links.set(socket, link);
      socket.on('close', () => links.delete(socket));
      if (draining) link.end();
    });
  }
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
    stats: () => ({ requests: answering.size + streams, tunnels: tunnels.size, connections: connections.size }),
    async close(graceMs) {
      draining = true;
      const lingerMs = Math.min(LINGER_MS, graceMs);
      await stopListening(server, { connections, answering, tunnels, links, graceMs, lingerMs });
    },
  };
}
