import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { Config } from '../guard/config.ts';

/** Certificate and key by which the gate terminates TLS, read and tried out. Throws with the file's name. */
export function readServerTls(files: { cert: string; key: string }): ServerTls {
  const tls: ServerTls = {
    cert: readPem(files.cert, 'tls.cert'),
    key: readPem(files.key, 'tls.key'),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
  };
  try {
    createSecureContext({ cert: tls.cert, key: tls.key });
  } catch (error) {
    throw new Error(`tls.cert and tls.key: ${reason(error)}; give a certificate and its own private key as PEM`);
  }
  return tls;
}

export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
  readonly ALPNProtocols: string[];
}

/**
 * How connections to the backend are made. With `ca` the chain must end there; with `pin` the backend's public key
 * must be the pinned one. A pin alone replaces the chain: it is the stricter of the two and fits a certificate that
 * the backend made itself. HTTP/1.1 only.
 */
export function upstreamConnector(config: Config): buildConnector.connector {
  const upstream = config.upstream ?? {};
  const pin = upstream.pin ?? '';
  const connect = buildConnector({
    allowH2: false,
    timeout: 10_000,
    keepAliveInitialDelay: 30_000,
    ...(upstream.ca === undefined ? {} : { ca: readPem(upstream.ca, 'upstream.ca') }),
    ...(upstream.cert === undefined ? {} : { cert: readPem(upstream.cert, 'upstream.cert') }),
    ...(upstream.key === undefined ? {} : { key: readPem(upstream.key, 'upstream.key') }),
    ...(pin !== '' && upstream.ca === undefined ? { rejectUnauthorized: false } : {}),
  });
  if (pin === '') return connect;
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) callback(error, null);
      else if (pinOf(socket) === pin) callback(null, socket);
      else {
        socket.destroy();
        callback(new Error('the backend shows another public key than upstream.pin'), null);
      }
    });
  };
}

/** SHA-256 of the peer's SubjectPublicKeyInfo, base64 (as in RFC 7469 §2.4); '' without TLS. */
function pinOf(socket: Socket | TLSSocket): string {
  if (!(socket instanceof TLSSocket)) return '';
  const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  return spki === undefined ? '' : createHash('sha256').update(spki).digest('base64');
}

function readPem(file: string, field: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${field}: cannot read ${file} (${reason(error)})`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
