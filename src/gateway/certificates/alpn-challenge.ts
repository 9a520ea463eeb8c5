import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, createServer } from 'node:tls';
import type { KeyPair } from './self-made.ts';

/** RFC 8737 §4. */
const PROTOCOL = 'acme-tls/1';

/** Milliseconds until a client has to have said the first record of its handshake. */
const HELLO_MS = 5_000;

/**
 * Answers tls-alpn-01 challenges (RFC 8737) on the gate's own port. Node chooses the certificate before it tells which
 * protocols the client offers, so while a challenge is open each connection's first bytes are looked at: the authority's,
 * which name its protocol, go to a server of their own; all others go on as ever.
 *
 * @param pairs the challenges' certificates by name
 * @returns ends the looking
 */
export function answerByAlpn(server: HttpsServer, pairs: ReadonlyMap<string, KeyPair>): () => void {
  const challenged = createServer({
    ALPNProtocols: [PROTOCOL],
    minVersion: 'TLSv1.2',
    SNICallback(name, done) {
      const pair = pairs.get(name.toLowerCase());
      if (pair === undefined) done(new Error('no such challenge'));
      else done(null, createSecureContext({ cert: pair.cert, key: pair.key }));
    },
  });
  // RFC 8737 §3: nothing is said behind the handshake.
  challenged.on('secureConnection', (socket) => socket.end());
  challenged.on('tlsClientError', (_error, socket) => socket.destroy());
  const usual = server.listeners('connection');
  const look = (socket: Socket): void => {
    const pass = (take: (socket: Socket) => void): void => {
      clearTimeout(timer);
      socket.off('error', drop);
      take(socket);
    };
    const drop = (): void => void socket.destroy();
    const timer = setTimeout(drop, HELLO_MS);
    socket.once('error', drop);
    socket.once('close', () => clearTimeout(timer));
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) {
        pass(drop);
        return;
      }
      socket.unshift(first);
      if (first.includes(PROTOCOL)) pass(() => challenged.emit('connection', socket));
      else
        pass(() => {
          for (const listener of usual) listener.call(server, socket);
        });
    });
  };
  server.removeAllListeners('connection');
  server.on('connection', look);
  return () => {
    server.off('connection', look);
    for (const listener of usual) server.on('connection', listener as (socket: Socket) => void); // as they came
  };
}
