import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { Config } from '../guard/config.ts';
import { type TlsConfig, tlsOf } from '../guard/config-tls.ts';
import { keptCertificate } from './certificates/kept.ts';
import { localCertificate } from './certificates/local.ts';

/** What a server that terminates TLS is made of, read and tried out. */
export interface ServerTls {
  /** Absent until an authority has issued it: handshakes fail until then. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Authorities of clients' certificates. */
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
  readonly more: readonly NamedContext[];
}

interface NamedContext {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
}

/** @throws with the name of the field whose file cannot be used */
export function readServerTls(config: Config): ServerTls {
  const tls = tlsOf(config.tls) ?? {};
  const ca = tls.clientCa === undefined ? {} : { ca: readPem(tls.clientCa, 'tls.clientCa') };
  const common = { ...ca, minVersion: 'TLSv1.2' } as const;
  const pair = readPair(config, tls);
  if (pair !== null) contextOf({ ...pair, ...common }, 'tls.cert and tls.key');
  const more = (tls.more ?? []).map((files, index): NamedContext => {
    const field = `tls.more[${index}]`;
    const other = { cert: readPem(files.cert, `${field}.cert`), key: readPem(files.key, `${field}.key`) };
    const context = contextOf({ ...other, ...common }, `${field}.cert and ${field}.key`);
    return { certificate: new X509Certificate(other.cert), context };
  });
  return { ...pair, ...common, more };
}

function readPair(config: Config, tls: TlsConfig): { cert: string | Buffer; key: string | Buffer } | null {
  if (tls.cert !== undefined && tls.key !== undefined) {
    return { cert: readPem(tls.cert, 'tls.cert'), key: readPem(tls.key, 'tls.key') };
  }
  const pair = tls.self === true ? localCertificate(config) : keptCertificate(tls);
  return pair === null ? null : { cert: pair.cert, key: pair.key };
}

function contextOf(options: SecureContextOptions, fields: string): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    throw new Error(`${fields}: ${reason(error)}; give a certificate and its own private key as PEM`);
  }
}

const current = new WeakMap<Server, ServerTls>();

/** A server that terminates TLS by this configuration. It asks for clients' certificates and leaves it to layers to demand them. */
export function createTlsServer(options: ServerOptions, config: Config): Server {
  const { more, ...tls } = readServerTls(config);
  const server: Server = createHttpsServer({
    ...options,
    ...tls,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: 15_000,
    requestCert: tls.ca !== undefined,
    rejectUnauthorized: false,
    SNICallback: (name, done) => done(null, contextFor(current.get(server)?.more ?? [], name)),
  });
  current.set(server, { ...tls, more });
  return server;
}

/** @throws where this server cannot change over to these while it runs */
export function assertSwitchable(server: Server, tls: ServerTls): void {
  if ((current.get(server)?.ca === undefined) !== (tls.ca === undefined)) {
    throw new Error('tls.clientCa: it cannot be switched on or off while the gate runs; restart it');
  }
}

/** From the next handshake on the server goes by these; connections stay as they are. */
export function putTls(server: Server, tls: ServerTls): void {
  const { more: _, ...options } = tls;
  server.setSecureContext(options);
  current.set(server, tls);
}

/** The first further certificate for this name; undefined for the server's own. */
function contextFor(more: readonly NamedContext[], name: string): SecureContext | undefined {
  return more.find(({ certificate }) => certificate.checkHost(name) !== undefined)?.context;
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
    // A resumed session does not tell the certificate it began with, so there would be nothing to compare.
    ...(pin === '' ? {} : { maxCachedSessions: 0 }),
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

/** Changes whenever connections to the backend are to be made otherwise: by other settings, or by other files of the same names. */
export function upstreamSettings({ to, upstream = {} }: Config): string {
  const files = (['ca', 'cert', 'key'] as const).map((name) => {
    const file = upstream[name];
    return file === undefined
      ? ''
      : createHash('sha256')
          .update(readPem(file, `upstream.${name}`))
          .digest('base64');
  });
  return JSON.stringify([to, upstream, files]);
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
