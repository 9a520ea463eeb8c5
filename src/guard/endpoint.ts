import type { Answer, Decision } from './decision.ts';
import type { Login } from './subject.ts';
import type { RequestView } from './view.ts';

/** An address under the mount that an identity source answers: login, callback, logout. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Below the mount, exact: `/login/google`. */
  readonly path: string;
  /**
   * What a request must show. `site`: it is made by the code of a page of ours, as for entry (Origin, Fetch Metadata,
   * a custom header, JSON). `proof`: signed as well, so that a copied cookie asks in vain. `open`: nothing: navigations,
   * providers' servers.
   */
  readonly asks: 'open' | 'site' | 'proof';
  /** Longest body in bytes; 0 for none. */
  readonly maxBody: number;
  /** A rejection is answered 503 `unsure`; what it says stays inside. */
  answer(call: EndpointCall): Answer | Promise<Answer>;
}

export interface EndpointCall {
  readonly request: RequestView;
  readonly body: Uint8Array;
  /** Admitted: tells address, prefix, authority, whether the connection is secure. */
  readonly decision: Decision;
  /** What the browser's session cookie says; null without a good one. */
  readonly session: BrowserSession | null;
}

export interface BrowserSession {
  /** Session id, 16 bytes base64url. Never printed, never stored in clear. */
  readonly id: string;
  /** Its public label, 11 characters. */
  readonly label: string;
  /** Its login; null where nobody is logged in. */
  readonly login: Login | null;
}
