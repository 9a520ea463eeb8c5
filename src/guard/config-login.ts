import type { AccountsConfig } from './config-accounts.ts';
import type { JwtConfig } from './config-jwt.ts';

/** Who may log in, and how: part of {@link import('./config.ts').Config}. */
export interface LoginConfig {
  /** Providers by name. The name stands in addresses: people log in at `/_sallyport/login/<name>`. */
  providers?: Record<string, ProviderConfig>;
  /** Origins besides the gate's own to which a login may return: `https://app.example`. Default none. */
  returnTo?: string[];
  /** Accounts of the gate's own; `true` for all defaults. Needs the package better-auth. Default none. */
  accounts?: true | AccountsConfig;
  /** Tokens that the app already has: of one issuer, or several. Default: none are taken. */
  jwt?: JwtConfig | JwtConfig[];
  /** For frameworks that know the user already: asked on every request whose session has no login. Default: nobody is. */
  identify?: Identify;
  /** Path of the app's own login page, in place of the gate's: `/log-in`. */
  page?: string;
}

/**
 * Who makes this request, as the app's own code knows; null where nobody does. Whatever else it answers, a throw and an
 * answer that takes longer than 5 s refuse the request where it needs somebody. It must verify what it reads: a
 * header that only says a name is anybody's.
 *
 * Asked before anything is used up, since who calls decides about bans, roles and forms: also for requests that turn out to be
 * replays, so it should be cheap. What is open is asked about again every four seconds.
 */
export type Identify = (request: IdentifyRequest) => IdentifiedSubject | null | Promise<IdentifiedSubject | null>;

export interface IdentifyRequest {
  readonly method: string;
  /** As sent, byte for byte. */
  readonly path: string;
  /** From the `?` on; '' without one. */
  readonly query: string;
  /** Authority by which the client reached the gate. */
  readonly authority: string;
  /** Value of a header field, by any case of its name; '' where it is absent, or came more than once. */
  header(name: string): string;
}

/** A person as the app's own code knows them. Its source is `hook`. */
export interface IdentifiedSubject {
  /** 1 to 255 characters, stable. */
  readonly id: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Seconds since 1970. */
  readonly authTime?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * One provider: of OpenID Connect (Core 1.0), or with `oauth` of plain OAuth 2.0. The gate is a confidential client of
 * the authorization code flow with PKCE; there is no field for any other flow.
 */
export interface ProviderConfig {
  /**
   * Exactly as the provider's own metadata says it, a slash at the end included. https; http on loopback only. Needed,
   * unless `oauth` names the endpoints: then only the `iss` of answers is compared with it (RFC 9207).
   */
  issuer?: string;
  /** Makes it a provider that gives no ID tokens, as GitHub: it is asked who logged in. Default: OpenID Connect. */
  oauth?: OAuthConfig;
  clientId: string;
  /** From the environment: `process.env.OIDC_SECRET`. One of `clientSecret` and `clientKey` is needed. */
  clientSecret?: string;
  /** PEM file (PKCS #8) of the key by which the gate shows who it is (RFC 7523): RSA, P-256 or Ed25519. */
  clientKey?: string;
  /** `kid` of that key, where the provider asks for one. */
  clientKeyId?: string;
  /** How the secret travels. Default: what the provider's metadata lists, `basic` first. */
  clientAuth?: 'basic' | 'post';
  /** What is asked for: `openid` among it, but not with `oauth`. Default `['openid']`, with `oauth` none. */
  scopes?: string[];
  /** Value of the `audience` parameter, where the provider wants one for its access tokens. */
  audience?: string;
  /** Further authorization parameters, of a short list: `prompt`, `resource`, `login_hint`, `hd` and the like. */
  parameters?: Record<string, string>;
  /** Claim that holds the roles: a name, or a path as in `realm_access.roles`. Default: no roles. */
  roles?: string;
  /** Claim that holds the scopes. Default: the `scope` of the token response (RFC 6749 §5.1). */
  scopesFrom?: string;
  /** Further claims to keep about the person. Default name, preferred_username, email, email_verified, locale. */
  claims?: string[];
  /** Whether claims are asked of an OpenID provider's UserInfo endpoint too. Default false. */
  userinfo?: boolean;
  /** Which token the backend gets as `Authorization: Bearer`. Default `none`. */
  relay?: 'access' | 'id' | 'none';
  /** Values of `acr` of which every login must have one. Default: any. */
  acrValues?: string[];
  /** Seconds since the person last showed the provider who they are. Default: any time. */
  maxAge?: number;
  /** Path to which the provider sends people back after logout; has to be registered there. Default: none is sent. */
  postLogout?: string;
  /** Whether requests are pushed (RFC 9126) where the provider's metadata offers it. Default true. */
  pushed?: boolean;
  /** What the provider is called on pages. Default: its name here. */
  label?: string;
}

/**
 * A provider of plain OAuth 2.0 (RFC 6749). Its endpoints are named here, or read from its metadata by the provider's
 * `issuer` (RFC 8414). Who logged in is what `userinfo` answers the access token of this very login.
 */
export interface OAuthConfig {
  /** Where people are sent. https; http on loopback only; so for the other endpoints. Default: as the metadata says. */
  authorization?: string;
  /** Where codes and refresh tokens are exchanged. Default: as the metadata says. */
  token?: string;
  /** Where the gate asks who logged in, by GET; answers one JSON object. Default: as the metadata says. */
  userinfo?: string;
  /** Where tokens are ended at logout (RFC 7009). Default: as the metadata says, else none are. */
  revocation?: string;
  /**
   * Member of that object, or path in it, that tells a person from all others for good: text or a positive whole
   * number. Never an e-mail address or a name, which may come to belong to somebody else. Default `id`.
   */
  id?: string;
  /** Member or path for the claim `name`. Default `name`. */
  name?: string;
  /** Member or path for the claim `email`. Default `email`. */
  email?: string;
  /** Member or path for the claim `email_verified`. Default `email_verified`. */
  emailVerified?: string;
}
