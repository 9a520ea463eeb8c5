/**
 * Tokens that the app's own backend or an existing provider issues (RFC 7519, RFC 9068), and the rules they are held
 * to (RFC 8725). Part of {@link import('./config-login.ts').LoginConfig}.
 */
export interface JwtConfig {
  /** What records call its subjects, `jwt/<name>`: needed where there are several issuers. Default: `jwt` alone. */
  name?: string;
  /** Exactly the `iss` of its tokens. */
  issuer: string;
  /** Who the tokens are for: one of these has to stand in `aud`. */
  audience: string | string[];
  /** Address of the issuer's key set (RFC 7517 §5): https, or http on loopback. One of the three kinds of key is needed. */
  jwks?: string;
  /** The secret that issuer and gate share, 32 bytes or more, from the environment: `process.env.JWT_SECRET`. */
  secret?: string;
  /** The issuer's public key: a PEM or JWK file, or its text. */
  publicKey?: string;
  /**
   * Signature algorithms that are taken, never by what a token says. Default: the key's own; RS256 for RSA keys of
   * which nothing else is said, HS256 for a secret.
   */
  algorithms?: JwtAlgorithm[];
  /** Header that carries the token. Default `authorization`, as `Bearer`. */
  header?: string;
  /** Cookie that carries the token, in place of a header. */
  cookie?: string;
  /** Type that the token's header has to name, as in `at+jwt`. Default: none, `JWT` or `at+jwt`, and nothing else. */
  typ?: string;
  /** Claim that holds the person's id: a name, or a path. Default `sub`. */
  subject?: string;
  /** Claim that holds the roles: a name, or a path as in `realm_access.roles`. Default: no roles. */
  roles?: string;
  /** Claim that holds the scopes. Default `scope`. */
  scopes?: string;
  /** Further claims to keep about the person. Default name, preferred_username, email, email_verified, locale. */
  claims?: string[];
  /** Seconds by which the issuer's clock may differ, at most 60. Default 30. */
  clockSkew?: number;
  /** Seconds since a token was issued, whatever it says of its end. Default: until its end. */
  maxAge?: number;
  /**
   * `session`: the first session that shows a token owns it while that session lives, and no other may show it. `none`:
   * whoever holds a token may use it. Default `session`.
   */
  bind?: 'session' | 'none';
  /** For tokens that come encrypted, with a signed one inside (RFC 7519 §11.2). Default: such tokens are refused. */
  encryption?: JwtEncryptionConfig;
  /** `if-bound`: tokens bound to a key come with a DPoP proof (RFC 9449). `require`: others are refused. Default `if-bound`. */
  dpop?: 'if-bound' | 'require';
}

export interface JwtEncryptionConfig {
  /** The gate's private key: a PEM or JWK file, or its text. One of `key` and `secret` is needed. */
  key?: string;
  /** A secret that issuer and gate share, base64url, from the environment; as long as the algorithm asks. */
  secret?: string;
  /** How the content's key travels. No other is taken. */
  alg: 'dir' | 'A256KW' | 'A256GCMKW' | 'RSA-OAEP-256' | 'ECDH-ES' | 'ECDH-ES+A256KW';
  /** How the content is encrypted. No other is taken. */
  enc: 'A128GCM' | 'A256GCM' | 'A128CBC-HS256' | 'A256CBC-HS512';
}

export type JwtAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'HS256'
  | 'HS384'
  | 'HS512';
