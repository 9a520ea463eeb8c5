import type { Answer, BurntProof, Carrier, Level, Refusal, StreamDigest, TicketFacts, Verdict } from './decision.ts';
import type { Asking, Brought } from './challenge.ts';
import type { Whereabouts } from './drift.ts';
import type { Policy, RouteRule } from './policy.ts';
import type { Claims, SessionRef } from './state.ts';
import type { KeyFacts, Subject } from './subject.ts';
import type { RequestView } from './view.ts';

/**
 * One defence. A layer reads the request and answers; it writes nothing but its claims and its findings in the
 * context. A new one is a file in src/layers and a line in src/index.ts.
 */
export interface Layer {
  /** One lower-case word: what policy, records and `why` call it. */
  readonly name: string;
  /** True where the layer also judges CORS preflights, which carry no credentials. Default false. */
  readonly preflight?: boolean;
  /** True where the layer refuses in report mode too. Only for what no backend could safely be shown. Default false. */
  readonly always?: boolean;
  /**
   * `after-commit` for layers that ask someone else (the backend, a provider, the app's own code): they come when
   * everything else has passed and the proof is used up, so that a replayed request never reaches them. What they
   * refuse keeps its counter spent. Default `before-commit`.
   */
  readonly stage?: 'before-commit' | 'after-commit';
  /**
   * True where the layer is asked for {@link RouteRule.also} as well: what rules ask of a person adds up. Default false.
   */
  readonly everyRule?: boolean;
  /**
   * Called once per route whenever a policy is compiled. Returns the check this route needs, or null where it
   * needs none. Everything that can be decided from the policy is decided here.
   */
  forRoute(route: RouteRule, policy: Policy): Check | null;
  /**
   * For what is still open long after it was admitted (streams, sockets, downloads): whether what this layer found still
   * holds, at `context.now`. Asked about once a second: uses nothing up, and knows mostly from memory. A throw or `unsure`
   * is not yet an end; see src/guard/open.ts.
   */
  stands?(request: RequestView, context: Context): Verdict | Promise<Verdict>;
  /** For layers that learn from outcomes (the local shield): called after every decision, never before. */
  observe?(request: RequestView, context: Context, refused: Refusal | null): void;
}

/** Synchronous wherever possible: the runner awaits only what returns a promise. A throw refuses the request. */
export type Check = (request: RequestView, context: Context) => Verdict | Promise<Verdict>;

/** What is known of a request while it passes the layers. One record of fixed shape per request. */
export interface Context {
  readonly policy: Policy;
  readonly route: RouteRule;
  readonly carrier: Carrier;
  /** Wall clock, milliseconds since 1970: when it is judged, or asked about again. */
  now: number;
  /** The client's address after trusted proxies were asked; '' until the address layer ran. */
  address: string;
  /** What budgets count by: IPv4 address or IPv6 /56. */
  prefix: string;
  /** Whether the client reached us, or the first trusted hop, by TLS. */
  secure: boolean;
  /** Authority by which the client reached us; differs from the view's only behind a trusted proxy. */
  authority: string;
  /** The opened ticket. Set by the proof layer once the signature holds, by nobody else. */
  ticket: TicketFacts | null;
  /** A proof that may be a redirected one: becomes `ticket` and `proof` when the commit finds the grant. */
  resent: { readonly ticket: TicketFacts; readonly proof: BurntProof } | null;
  /** The proof whose signature held; the replay layer claims its counter. */
  proof: BurntProof | null;
  /** Session id of a valid session cookie, base64url; ''. */
  cookieSession: string;
  /** The session of that cookie, where the level is `session` and the cookie shows it; null otherwise. */
  session: SessionRef | null;
  /** Whether that cookie says that its session has a login. */
  cookieLogin: boolean;
  /** When that cookie's session began: seconds since 1970; 0 without one. */
  cookieCreated: number;
  /** From where that cookie's session was entered, where the cookie alone shows it; null otherwise. */
  cookieFrom: Whereabouts | null;
  /** Who is calling. Set by the subject layer once a login or token was verified, by nobody else. */
  subject: Subject | null;
  /** The API key that was verified. Set by the key layer alone. */
  key: KeyFacts | null;
  /** Value for the backend's Authorization field, where policy relays a provider's token; ''. */
  relay: string;
  /** What the request has shown so far. */
  level: Level;
  /** Digest that the proof covers and the body has yet to fit; null where there is no body to check. */
  digest: StreamDigest | null;
  /** The body, for the few checks that must look into it. */
  content: Content;
  /** Fields for the answer; see Decision.responseFields. */
  responseFields: readonly string[];
  /** The guard's own answer to a preflight. */
  answer: Answer | null;
  /** What varies in a refusal's evidence. A layer sets it right before it refuses. No secrets. */
  evidence: string;
  /** For the record of a request that passed: what was out of the ordinary. No secrets. */
  note: string;
  /** For the refusal `order`: the step that is missing; ''. */
  missing: string;
  /** For the refusal `schema`: what does not fit, `/tags/0` of the body or `?page` of the query; ''. Never its value. */
  field: string;
  /** The challenge that goes with the refusal `challenge`; null for none. */
  ask: Asking | null;
  /** The solution that the call brings, of which nobody knows yet whether it is one. */
  brought: Brought | null;
  /** Seconds for Retry-After where a layer knows them. */
  retryAfter: number;
  /** Where this layer's claims go: enforced and reported layers have a record each. */
  claims: Claims;
}

/** What an admitted request stood on: enough to ask again while it is open. */
export interface Grounds {
  readonly request: RequestView;
  readonly context: Context;
}

/** A body that a check may look into; it is read once and forwarded as it was read. */
export interface Content {
  /**
   * The whole body, where its length is declared and at most 64 KiB; null otherwise. Rejects when the client goes away. A
   * check that reads it has passed everything that needs only the head.
   */
  read(): Promise<Uint8Array | null>;
  /** Puts other bytes in its place: those are forwarded. Only for what comes after all that judges the body. */
  replace(bytes: Uint8Array): void;
}
