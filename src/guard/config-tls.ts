/**
 * How the gate terminates TLS: with PEM files, with a certificate that it makes for itself (`self`), or with one that an
 * authority issues by ACME (RFC 8555). Exactly one of the three; `'self'` alone is short for `{ self: true }`.
 */
export interface TlsConfig {
  /** PEM file with the certificate, and behind it the chain. */
  cert?: string;
  /** PEM file with the certificate's private key. */
  key?: string;
  /** Further certificates, chosen by the name that the client asks for (SNI). */
  more?: { cert: string; key: string }[];
  /** Makes a certificate for loopback names, `public` and `hosts`, which no browser trusts by itself. Default false. */
  self?: boolean;
  acme?: AcmeConfig;
  /**
   * Folder, closed to others, where a self-made certificate or those of ACME are kept. Default `sallyport` in the user's
   * state folder (`$XDG_STATE_HOME`, else `~/.local/state`).
   */
  dir?: string;
  /**
   * PEM file of the authorities whose certificates clients may show. They are asked for one and need not have one; what
   * they show reaches the guard as `RequestView.clientCertificate`. Default: nobody is asked.
   */
  clientCa?: string;
}

/** Certificates from an authority, got and renewed by the gate. */
export interface AcmeConfig {
  /** Names of one certificate. No wildcards: those need DNS. */
  domains: string[];
  /** Where the authority may write about trouble. */
  email?: string;
  /** The authority's directory. Default Let's Encrypt's. */
  directory?: string;
  /** PEM file of the authority that signed the directory's own certificate, where it is a private one. */
  directoryCa?: string;
  /** That you have read the authority's terms and agree. Without it nothing is asked for. */
  termsOfServiceAgreed: true;
  /** How the authority sees that the names are ours: at port 80, or at the gate's own port. Default `http-01`. */
  challenge?: 'http-01' | 'tls-alpn-01';
  /** Where `http-01` is answered, `host:port`. The authority asks at port 80. Default `:80`, all addresses. */
  http?: string;
}

/** `Strict-Transport-Security` (RFC 6797). */
export interface HstsConfig {
  /** Seconds. Default one year. */
  maxAge?: number;
  /** Default false: subdomains may have no certificate. */
  includeSubDomains?: boolean;
  /** Default false. */
  preload?: boolean;
}

/** The same, with `'self'` spelled out; null without TLS. */
export function tlsOf(tls: TlsConfig | 'self' | undefined): TlsConfig | null {
  if (tls === undefined) return null;
  return tls === 'self' ? { self: true } : tls;
}
