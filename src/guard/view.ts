/**
 * What the guard sees of a request. An adapter fills it once at the door; from there on nobody reads the
 * server's own request object. One flat record of fixed shape, because it is made for every request.
 */
export interface RequestView {
  /** Method as sent (case kept: methods are case-sensitive, RFC 9110 §9.1). */
  readonly method: string;
  /** Request target as sent, byte for byte. */
  readonly target: string;
  /** `target` up to the first `?`. */
  readonly path: string;
  /** `target` from the first `?` on, including it; '' when there is none. */
  readonly query: string;
  /** Policy's form of `path` (wire/fold.ts). */
  readonly folded: string;
  /** Scheme by which the client reached us, after trusted proxies were asked (layers/address.ts sets `client`). */
  readonly secure: boolean;
  /** Authority the client named: Host or :authority, lower case, as sent otherwise. '' when missing. */
  readonly authority: string;
  /** Address of the socket's other end, as the platform prints it. */
  readonly peer: string;
  /**
   * SHA-256 of the certificate that the client showed in the TLS handshake with the gate itself, base64url (`x5t#S256`, RFC
   * 8705); '' without one, and where none of the authorities in `tls.clientCa` has signed it.
   */
  readonly clientCertificate: string;
  /** Field lines in order: name, value, name, value … names as sent (node:http `rawHeaders`). */
  readonly fields: readonly string[];
  /** First value of each field the guard reads; '' when absent. Names are camelCase of the field's. */
  readonly headers: GuardHeaders;
  /** Fields of {@link GuardHeaders} that came more than once, as lower-case names; shared empty array when none did. */
  readonly repeated: readonly string[];
  readonly body: BodySource;
  /**
   * Build of the page's script that it was signed by, where there are builds; '' for one that is not read now. Absent for what
   * travels in the protocol's own names.
   */
  readonly build?: string;
  /** Whoever waits for the answer; null or absent where nobody can tell. */
  readonly waiter?: Waiter | null;
  /** Id of the ticket under whose key the request came sealed; '' or absent for one that came as it is. */
  readonly sealed?: string;
  /** When its head came, milliseconds since 1970, where it is judged later than that. */
  readonly begun?: number;
}

/** What an answer goes out by: the platform's own object, which says when the client has left. */
export interface Waiter {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** The fields that layers read. A field is added here, in {@link HEADER_SLOTS}, and nowhere else. */
export interface GuardHeaders {
  origin: string;
  referer: string;
  cookie: string;
  authorization: string;
  accept: string;
  contentType: string;
  contentLength: string;
  contentEncoding: string;
  transferEncoding: string;
  contentDigest: string;
  sallyportDigest: string;
  signature: string;
  signatureInput: string;
  secFetchSite: string;
  secFetchMode: string;
  secFetchDest: string;
  secPurpose: string;
  secWebsocketProtocol: string;
  upgrade: string;
  xRequestedWith: string;
  xForwardedFor: string;
  xForwardedProto: string;
  xForwardedHost: string;
  forwarded: string;
  userAgent: string;
  acceptLanguage: string;
  secChUa: string;
  range: string;
  accessControlRequestMethod: string;
  accessControlRequestHeaders: string;
  expect: string;
  sallyportTestPass: string;
  sallyportChallenge: string;
  saveData: string;
  host: string;
}

/**
 * A request's body, read at most once. The guard asks for it only after everything that needs just the head
 * has passed.
 */
export interface BodySource {
  /** Declared or already known length in bytes; -1 where the length is not declared (chunked); 0 for none. */
  readonly length: number;
  /**
   * Reads the whole body, at most `limit` bytes. Resolves to the bytes, or to null when the body is longer than
   * `limit`. Rejects with {@link IncompleteBody} when the client goes away.
   */
  collect(limit: number): Promise<Uint8Array | null>;
}

/** The client left before its body was complete: it has asked for nothing, and nobody is there to be refused. */
export class IncompleteBody extends Error {
  override readonly name = 'IncompleteBody';
}

/** For requests without content. */
export const NO_BODY: BodySource = Object.freeze({ length: 0, collect: async () => new Uint8Array(0) });
