import type { Carrier, Refusal, Verdict } from './decision.ts';
import type { Claims } from './state.ts';
import type { Policy, RouteRule } from './policy.ts';
import type { RequestView } from './view.ts';

/**
 * One defence. A layer reads the request and answers; it writes nothing but its claims and its findings in the
 * context. A new one is a file in src/layers and a line in src/index.ts.
 */
export interface Layer {
  readonly name: string;
  /** True where the layer also judges CORS preflights, which carry no credentials. Default false. */
  readonly preflight?: boolean;
  /**
   * Called once per route at start-up. Returns the check this route needs, or null where it needs none.
   * Everything that can be decided from the policy is decided here.
   */
  forRoute(route: RouteRule, policy: Policy): Check | null;
}

/** Synchronous wherever possible: the runner awaits only what returns a promise. A throw refuses the request. */
export type Check = (request: RequestView, context: Context) => Verdict | Promise<Verdict>;

/** A layer that learns from outcomes (the local shield). Called after every decision, never before. */
export interface Observer {
  observe(request: RequestView, context: Context, refused: Refusal | null): void;
}

export interface Client {
  readonly name: string;
}

/** What is known of a request while it passes the layers. One record of fixed shape per request. */
export interface Context {
  readonly policy: Policy;
  readonly route: RouteRule;
  readonly carrier: Carrier;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** The client's address after trusted proxies were asked; '' until the address layer ran. */
  address: string;
  /** What budgets count by. */
  prefix: string;
  /** Whether the client reached the first trusted hop by TLS. */
  secure: boolean;
  /** Authority by which the client reached us; differs from the view's only behind a trusted proxy. */
  authority: string;
  /** Origin of our own pages for this request: scheme and authority. */
  ownOrigin: string;
  /** The opened ticket; null without one. Set by the proof layer once the signature holds, by nobody else. */
  ticket: OpenTicketFacts | null;
  /** Session id of the opened session cookie, 16 bytes base64url; ''. */
  cookieSession: string;
  /** Fields for the answer; see Decision.responseFields. */
  responseFields: readonly string[];
  /** What varies in a refusal's evidence. A layer sets it right before it refuses. No secrets. */
  evidence: string;
  /** Seconds for Retry-After where a layer knows them. */
  retryAfter: number;
  readonly claims: Claims;
}

/** What layers may know of a ticket that was opened and whose signature held. */
export interface OpenTicketFacts {
  readonly id: string;
  readonly session: string;
  readonly client: string;
}
