import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

const thumbprints = new WeakMap<object, string>();
/** Most gates ask nobody for a certificate: their requests need not look for one. */
let anybodyHasOne = false;

/**
 * Remembers which certificate this connection's client showed, where it is one of a listed authority's. To be called
 * once, when the handshake is over, for servers that ask for certificates without demanding them.
 */
export function noteClientCertificate(socket: TLSSocket): void {
  if (!socket.authorized) return;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return;
  anybodyHasOne = true;
  thumbprints.set(socket, createHash('sha256').update(certificate.raw).digest('base64url'));
}

/** What {@link noteClientCertificate} found, as `x5t#S256` (RFC 8705 §3.1); '' without. */
export function clientCertificateOf(socket: object): string {
  return anybodyHasOne ? (thumbprints.get(socket) ?? '') : '';
}

/** Says of what stands for a connection what is known of the connection. */
export function lendClientCertificate(socket: TLSSocket, to: object): void {
  const found = clientCertificateOf(socket);
  if (found !== '') thumbprints.set(to, found);
}
