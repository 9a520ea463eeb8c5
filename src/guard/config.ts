import type { AddressesConfig, RouteAddressesConfig } from './config-addresses.ts';
import type { CanRequest } from './can-request.ts';
import type { AuthorizationConfig, CedarRouteConfig, OwnerConfig } from './config-authorization.ts';
import type { BansConfig } from './config-bans.ts';
import type { BehaviourConfig } from './config-behaviour.ts';
import type { BotsConfig } from './config-bots.ts';
import type { ChallengeConfig, RouteChallengeConfig } from './config-challenge.ts';
import type { AntiForgeryConfig } from './config-forms.ts';
import type { AllowConfig } from './choices.ts';
import type { BudgetsConfig, CostConfig, DegradeConfig } from './config-budget.ts';
import type { LoginConfig } from './config-login.ts';
import type { ConcurrentConfig, LimitConfig } from './config-use.ts';
import type { HstsConfig, TlsConfig } from './config-tls.ts';
import type { Carrier, Level } from './decision.ts';
import type { CreatorConfig } from './creator.ts';
import type { AlertsConfig, GuardRailConfig } from './config-rail.ts';
import type { BuildsConfig } from './config-builds.ts';
import type { DriftConfig } from './drift.ts';
import type { LayerConfig } from './rollout.ts';
import type { SchemaConfig } from './schema/rule.ts';
import type { ServedConfig } from './served.ts';
import type { Subject } from './subject.ts';
import type { WhenUnsure } from './unsure.ts';

/**
 * What a developer writes, in `sallyport.config.ts` or as flags. Every field is optional but `to` (for the gate).
 * The schema in config-schema.ts checks it; policy.ts compiles it.
 */
export interface Config {
  /** Backend the gate forwards to: `http://localhost:3000`. A path prefix is not taken. */
  to?: string;
  /** Address the gate listens on. Default `127.0.0.1:4000`. */
  listen?: string;
  /** Decide and record only, or decide and refuse. Default `report`. */
  mode?: Mode;
  /**
   * Threads of the gate that answer on its port, 1 to 256; `auto`: as many as there are cores. They share what is known of
   * sessions. Default 1. The gate alone: behind the middleware the server decides.
   */
  workers?: number | 'auto';
  /** A starting point whose fields this file's own override. */
  preset?: 'public-read' | 'strict' | 'forms' | 'llm';
  /** Origin under which people reach the gate where it differs from `listen`: `https://app.example`. */
  public?: string;
  /** Further authorities the gate answers for, `host` or `host:port`. `public`'s and loopback with the port are always listed. */
  hosts?: string[];
  /** Patterns at level `proof`. `/api/**` matches `/api` too. Default `['/api/**']`. */
  protect?: string[];
  /** Exceptions at level `open`, matched byte for byte: webhooks, login callbacks. */
  open?: string[];
  /**
   * Calls of protected routes travel encrypted to one address, so that a browser's network tab shows no endpoints. A speed
   * bump for whoever copies the app, and no defence: whoever runs code in the page reads everything. Default false.
   */
  sealed?: boolean;
  /** Rules for single routes; first match wins. Inside `protect` every route must then be listed. */
  routes?: RouteConfig[];
  clients?: Record<string, ClientConfig>;
  /** Who may log in, and how. Default: nobody. */
  login?: LoginConfig;
  /** Policies in a language of their own, for routes with `cedar`. */
  authorization?: AuthorizationConfig;
  /** Tokens against forged requests. Routes that list `form` ask for one where this is there, `{}` too. Default: none. */
  antiForgery?: AntiForgeryConfig;
  /**
   * Where logins, keys, bans and the audit log are kept: `memory`, `sqlite:PATH` or `postgres://…`. Default `memory`, which
   * is gone with the process; with `login.accounts` or a `budget` it is `sqlite:./sallyport.sqlite`.
   */
  records?: string;
  /**
   * Where sessions, counters and bans of sessions are: `memory`, or a server that gates share, `redis://HOST:PORT`, `rediss://…`,
   * `valkey://…`, `valkeys://…`, `unix:///PATH`; several with commas between them for the nodes of a Cluster. Default `memory`.
   */
  state?: string;
  /**
   * While state, or a provider that a route needs, cannot be reached: `reads` lets GET and HEAD go on that speak for nobody,
   * cost nothing and need no turn or id, as far as a local limit takes them; `refuse` lets nothing. Default `reads`.
   */
  whenUnsure?: WhenUnsure;
  /** API keys of servers and partners. Which routes take them, `keys` of each route says. */
  keys?: KeysConfig;
  /** Bans that a rule makes, and that end. Default: none; bans by hand are there always. */
  bans?: BansConfig;
  /** What is done about sessions that use the app as hardly anybody does, by what was learned of it. Default: nothing is learned. */
  behaviour?: BehaviourConfig;
  /** What `challenge` of a route, and here `enter`, ask for. Default: nobody is asked for anything. */
  challenge?: ChallengeConfig;
  /**
   * Builds of the page's script that differ: a speed bump for whoever copies it (docs/builds.md). Default: none, one script
   * in the names of the protocol.
   */
  builds?: BuildsConfig['each'] | BuildsConfig;
  /** Routes that no page calls and the backend does not have, as `GET /api/admin/export`: names for those who try what they find. */
  decoys?: string[];
  /**
   * Bots that say who they are by signatures (Web Bot Auth), and crawlers that are known by where they come from. Which routes
   * they may read, `bots` of each route says.
   */
  bots?: BotsConfig;
  /** Passes of automated tests that this gate lets in. For gates in front of test systems alone. Default none. */
  testPasses?: TestPassesConfig;
  /** Networks whose forwarding headers are believed: CIDR blocks. Default none. */
  trustedProxies?: string[];
  /** Networks that get in, and that do not. Default: all do. */
  addresses?: AddressesConfig;
  /** `loose` matches what forgiving backends serve (case, `//`, `;x`, trailing `/`); `exact` bytes only. Default `loose`. */
  paths?: 'loose' | 'exact';
  /** Mode of single layers, by layer name, where it differs from `mode`; or the share of sessions they are enforced for. */
  layers?: Record<string, Mode | LayerConfig>;
  /**
   * Share of sessions that enforce mode is for: `'5%'`; all others are only recorded. Logins, authorization, bans, keys and
   * budgets hold for everybody. Default `'100%'`.
   */
  rollout?: string;
  /** When a change that refuses pages which worked before is taken back, layer by layer; false for never. Default: on. */
  guardRail?: GuardRailConfig | false;
  /** Who is told of what the gate does by itself. Default: the log alone. */
  alerts?: AlertsConfig;
  mint?: MintConfig;
  session?: SessionConfig;
  /** What is asked of a session that shows up from another network or by another browser. Default: both at once, a new entry. */
  drift?: DriftConfig;
  /** Directory with a built frontend to serve; `index.html` answers unknown navigations. */
  frontend?: string;
  /** How the gate terminates TLS itself. Default: it does not. */
  tls?: TlsConfig | 'self';
  /**
   * `Strict-Transport-Security` on answers for `public`, an https origin, in enforce mode; false for none. Default one
   * year, without subdomains.
   */
  hsts?: HstsConfig | false;
  upstream?: UpstreamConfig;
  /** Where pages are plain HTTP on private addresses: report mode only. Says so loudly. Default false. */
  insecureHttp?: boolean;
  mount?: string;
  cookies?: { session?: string; stamp?: string };
  /**
   * Security headers that enforce mode adds to pages where the backend sends none: `standard` adds nosniff,
   * Referrer-Policy and, unless pages of other origins are listed as clients, X-Frame-Options; `frameable` leaves frames
   * alone; `isolated` adds Cross-Origin-Opener-Policy as well. Default `standard`.
   */
  securityHeaders?: 'none' | 'frameable' | 'standard' | 'isolated';
  /** Address of the Prometheus metrics, `host:port`. Default none. */
  metrics?: string;
  /** How much, over all protected and listed routes together; one limit or several at once. Default: none. */
  limit?: string | LimitConfig | (string | LimitConfig)[];
  /** Requests and streams open at a time, over all of them. Default: no limit. */
  concurrent?: ConcurrentConfig;
  /** What all calls with a `cost` may cost together, as `'5 USD/day'`; one budget or several at once. Default: none. */
  budget?: BudgetsConfig;
  /**
   * OpenAPI 3.1 document, JSON or YAML: what it says of bodies and queries holds in the routes that are written for the same
   * calls. Default: none.
   */
  openapi?: string;
  /** Body limit in bytes for routes that name none. Default 1 GiB + 64 KiB; 0 for none. */
  maxBody?: number;
}

export type { CanRequest } from './can-request.ts';

export type Mode = 'report' | 'enforce';

export interface RouteConfig {
  /** `GET /api/posts/:id`, `POST /api/**`, `/api/feed`: method (or none for all) and pattern. */
  match: string;
  /** Default: `proof`, or `session` where `carriers` lists one that cannot sign. */
  level?: Level;
  /** Ways this route may be called besides signed calls; listing one below `proof` lowers the route's level. */
  carriers?: Carrier[];
  /** Whether a body must carry a signed digest. Default `signed`. */
  body?: 'signed' | 'unsigned';
  /** What encoded slashes, backslashes and dot segments are here. Default `refuse`. */
  encoded?: 'refuse' | 'opaque';
  /**
   * Whether its calls come sealed, and in no other way: `fetch`, XMLHttpRequest and EventSource alone, 1 MiB at most. A speed
   * bump, no defence. Default: as the whole configuration says, where all of its calls can be.
   */
  sealed?: boolean;
  /** Proofs by the synchronous key, for sendBeacon at pagehide, synchronous XHR, URL proofs. Default none. */
  sync?: ('beacon' | 'sync' | 'url')[];
  /** Client that may call this route; default `default`. */
  client?: string;
  mode?: Mode;
  /** Share of sessions that this route is enforced for: `'5%'`. Default: the configuration's. */
  rollout?: string;
  /** Body limit in bytes. */
  maxBody?: number;
  /** Content types taken besides JSON and binary ones: opens `text/plain`, form and multipart bodies. */
  contentTypes?: string[];
  /** Further header fields a proof must cover, lower case; never Cookie, Origin, Host or Sec-*. */
  signed?: string[];
  /** Only for people who are logged in; with `maxAge` or `acr`, who did so lately or in that way. Default false. */
  user?: boolean | UserConfig;
  /** Roles of which the person must have one. Asks for a login. */
  roles?: string[];
  /** Scopes all of which the person must have. Asks for a login. */
  scopes?: string[];
  /**
   * The app's own answer to whether this person may make this call; whatever is not `true` refuses, a throw too.
   * Asked after everything else has passed. Asks for a login.
   */
  can?: Can;
  /** Only for the person whose object it is, as the backend says. Asks for a login. */
  owner?: OwnerConfig;
  /** Only for the person who created the object, as the gate saw it come: for backends that keep no owner. Asks for a login. */
  creator?: CreatorConfig;
  /** The question to the policies of `authorization.cedar`; whatever they do not permit is refused. Asks for a login. */
  cedar?: CedarRouteConfig;
  /**
   * Whether what changes something here has to show a token (`antiForgery` above). Default `require` where `carriers` lists
   * `form` and the configuration has `antiForgery`, or where such a route asks for a person who logs in here; pages then get
   * the token by themselves. Else `off`.
   */
  antiForgery?: 'require' | 'off';
  /** API keys that have all of these scopes may make this call without a page. `[]`: any key. Default: no key may. */
  keys?: string[];
  /** Whether bots that `bots` lists may read this route without a page: GET and HEAD. Default false. */
  bots?: boolean;
  /** Networks that may call this route, and that may not. Default: all may. */
  addresses?: RouteAddressesConfig;
  /** How much: `60/minute` by each session, or by what `per` names; one limit or several at once. Default: none. */
  limit?: string | LimitConfig | (string | LimitConfig)[];
  /** Requests and streams open at a time, as in `{ session: 4, route: 100 }`. Default: no limit. */
  concurrent?: ConcurrentConfig;
  /** Routes, as their `match` is written, of each of which a call must have succeeded in this session before. */
  after?: string | string[];
  /** Seconds that each of them may lie back. Default: as long as the session lives. */
  within?: number;
  /** Seconds that must have passed since the latest of them: what is too fast for a person. Default 0. */
  notBefore?: number;
  /** Calls that may succeed since the latest of them, or in the session where `after` names none. Default: any number. */
  atMost?: number;
  /** `atMost: 1`. */
  once?: boolean;
  /** Whether a further step is asked for: always, or when something speaks for it. Default `never`. */
  challenge?: RouteChallengeConfig;
  /** What the client may choose in the fields of a JSON body: `{ model: ['small'], max_tokens: { max: 1000 } }`. Default: anything. */
  allow?: AllowConfig;
  /** What one call costs: `'0.01 USD'`, or at most so much and what the answer says. Needs a `budget`. Default: nothing. */
  cost?: CostConfig;
  /** What becomes of calls when most of a budget is spent: a cheaper model, or an answer of the app's own. Default: nothing. */
  degrade?: DegradeConfig;
  /** What this route's calls may cost, as `'5 USD/day'`; one budget or several at once. Default: none. */
  budget?: BudgetsConfig;
  /** Ids in the path that this session must have been given, by which answers. Default: any id. */
  served?: ServedConfig | ServedConfig[];
  /** What the body and query have to look like; `false` for whatever `openapi` says. Default: as `openapi` says, else anything. */
  schema?: SchemaConfig | false;
  /** As the field of the whole configuration, for this route alone. */
  whenUnsure?: WhenUnsure;
}

/** How fresh and how strong a login has to be (RFC 9470). */
export interface UserConfig {
  /** Seconds since the person last showed who they are. */
  maxAge?: number;
  /** Values of `acr` of which one is needed. */
  acr?: string[];
}

/** A question to the app's own code: may this person make this call? */
export type Can = (subject: Subject, request: CanRequest) => boolean | Promise<boolean>;

export interface ClientConfig {
  /** Origins of its pages. `self` is the gate's own. `https://*-team.example.app`: one `*`, within one host label. Default `['self']`. */
  origins?: string[];
  /** Whether entry asks for a page load first. `waive` for pages that a CDN serves. Default `require`. */
  stamp?: 'require' | 'waive';
}

export interface SessionConfig {
  /** Seconds a session lasts without an open page. Default 12 h. */
  idle?: number;
  /** Seconds at most. Default 7 d. */
  max?: number;
  /** Seconds since the last entry of one of its pages within which a session opens `session` routes. Default 3600. */
  recent?: number;
  /**
   * Which sessions own a key in the browser, without which their cookie resumes nothing: those with a login, or
   * `always` all. It costs an entry about 50 ms in the page. Default `login`.
   */
  bind?: 'login' | 'always';
}

export interface MintConfig {
  /** New sessions a network prefix (IPv4 address, IPv6 /56) may open in a minute. Default 60. */
  perPrefix?: number;
  /** New sessions in all a minute. Default 6000. */
  total?: number;
}

export interface TestPassesConfig {
  /** Ed25519 public key by which passes are signed: PEM. Its private half belongs to the tests, and to no production. */
  publicKey: string;
}

export interface KeysConfig {
  /**
   * What becomes of a key that is seen in a page or a URL: the request is refused and an `alarm` raised, or the key is
   * revoked as well. Default `alarm`.
   */
  leaked?: 'alarm' | 'revoke';
  /** Page where programs get a key: refusals on routes that take keys name it. Default none. */
  signUp?: string;
}

export interface UpstreamConfig {
  /** Host to send instead of the browser's. */
  host?: string;
  /** PEM file of the authority that signed the backend's certificate. */
  ca?: string;
  /** PEM files by which the gate shows itself to the backend. */
  cert?: string;
  key?: string;
  /** SHA-256 of the backend's public key (SPKI), base64. */
  pin?: string;
  /** Milliseconds until the backend's answer must begin. Default 60000. */
  timeout?: number;
}
