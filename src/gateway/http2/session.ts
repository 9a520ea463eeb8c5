import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { lendClientCertificate, noteClientCertificate } from '../../adapters/node/client-certificate.ts';
import { breakOff } from './break-off.ts';
import { readHead } from './head.ts';
import { type Peer, StreamRequest } from './request.ts';
import { StreamResponse } from './response.ts';

/** Streams that one connection may have open; a page with hundreds of calls queues the rest by itself. */
const MAX_STREAMS = 128;

/** Milliseconds that a connection may stay without a stream. */
const IDLE_MS = 60_000;

/** Milliseconds in which a client that has something to read must have read some of it. */
const STALL_MS = 120_000;

/** SETTINGS and PING frames that a connection may send in a second, and in all as a start. */
const CONTROL_RATE = 20;
const CONTROL_BURST = 100;

/** Bytes on their way for all streams together: as many as fill a fast line to far away. */
const CONNECTION_WINDOW = 1024 * 1024;

const OPTIONS = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: 32 * 1024,
    initialWindowSize: 128 * 1024,
    enablePush: false,
  },
  // serve.ts refuses more than 200 lines by an answer; this bounds what is read.
  maxHeaderListPairs: 256,
  maxSessionMemory: 16,
  // Counted for the life of the connection, empty DATA frames among them (CVE-2019-9518).
  maxSessionInvalidFrames: 200,
  maxSessionRejectedStreams: 100,
  maxOutstandingPings: 10,
  maxSettings: 32,
  // A client that opens streams only to reset them (CVE-2023-44487): so many at once, so many a second, then GOAWAY. A
  // page that is left resets what it had open, so a full set of streams must fit several times.
  streamResetBurst: 4 * MAX_STREAMS,
  streamResetRate: 64,
};

/** One connection that speaks HTTP/2. */
export interface Link {
  /** Streams open now. */
  readonly open: number;
  /**
   * Finishes what is open, then closes. GOAWAY tells the client which of its requests are among them; it sends the others
   * again elsewhere by itself (RFC 9113 §8.7). Node has no notice to send ahead (§6.8) after which it still takes streams.
   */
  end(): void;
}

/** @param serve gets each well-formed request; `malformed` each whose head breaks RFC 9113 */
export function startLink(
  socket: TLSSocket,
  serve: (request: StreamRequest, response: StreamResponse, malformed: boolean) => void,
): Link {
  const session = performServerHandshake(socket, OPTIONS);
  session.setLocalWindowSize(CONNECTION_WINDOW);
  const peer: Peer = {
    remoteAddress: socket.remoteAddress ?? '',
    encrypted: true,
    get errored() {
      return socket.errored;
    },
  };
  lendClientCertificate(socket, peer);
  let open = 0;
  const idle = setTimeout(() => {
    if (open === 0) session.close();
  }, IDLE_MS);
  idle.unref();
  session.on('error', () => session.destroy());
  session.on('close', () => clearTimeout(idle));
  boundControl(session);
  session.on('stream', (stream: ServerHttp2Stream, _headers: object, _flags: number, raw: string[]) => {
    open += 1;
    watch(stream);
    stream.on('close', () => {
      open -= 1;
      if (open === 0) idle.refresh();
    });
    const head = readHead(raw);
    serve(new StreamRequest(stream, head, peer), new StreamResponse(stream, head.method), head.malformed);
  });
  return {
    get open() {
      return open;
    },
    end() {
      if (!session.closed && !session.destroyed) session.close();
    },
  };
}

function watch(stream: ServerHttp2Stream): void {
  // Faults of a stream end it, and its request and answer hear of that.
  stream.on('error', () => {});
  // Silence is fine where there is nothing to read: an event stream may have no news for hours.
  stream.setTimeout(STALL_MS, () => {
    if (stream.writableLength > 0) breakOff(stream);
  });
}

/** Frames that make work and open nothing (CVE-2019-9512, CVE-2019-9515): a bucket, then GOAWAY. */
function boundControl(session: ServerHttp2Session): void {
  let left = CONTROL_BURST;
  let since = performance.now();
  const count = (): void => {
    const now = performance.now();
    left = Math.min(CONTROL_BURST, left + ((now - since) / 1000) * CONTROL_RATE) - 1;
    since = now;
    if (left < 0 && !session.destroyed) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  session.on('ping', count).on('remoteSettings', count);
}

/** Hands connections that agreed on this protocol to `take`, and all others to the server as before. */
export function onProtocol(server: Server, protocol: string, take: (socket: TLSSocket) => void): void {
  const others = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    // HTTP has no use for it, and it makes work (TLS 1.2; there is none in 1.3).
    socket.disableRenegotiation();
    noteClientCertificate(socket);
    if (socket.alpnProtocol === protocol) take(socket);
    else for (const listener of others) listener.call(server, socket);
  });
}
