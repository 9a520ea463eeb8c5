import type { TakenGrant } from '../doors/entry-logins.ts';
import type { Endpoint, EndpointCall } from '../guard/endpoint.ts';
import type { Subject, SubjectReader } from '../guard/subject.ts';
import type { RequestView } from '../guard/view.ts';

/** Where subjects come from: an OpenID provider, the built-in accounts. One small interface, one folder each. */
export interface Source {
  /** `accounts`, or the provider's name as configured. */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /**
   * Renews the tokens of a login shortly before they expire. Null ends the login; a rejection leaves it as it is
   * (the provider cannot be reached: sessions go on). Called once at a time for each session.
   */
  renew?(login: StoredLogin): Promise<StoredLogin | null>;
  /**
   * The roles that the person has by now. Asked when a login is read from records; a rejection fails the request. Left
   * out where only a new login or {@link renew} can tell.
   */
  roles?(login: StoredLogin): Promise<readonly string[]>;
  /**
   * Where the browser of a login that has just ended goes to end the provider's own session; '' for nowhere. `origin` is
   * ours. Never rejects: the login has ended whatever the provider says.
   */
  signOut?(login: StoredLogin, origin: string): Promise<string>;
  /** Ends what this source gave to the page itself and the request shows: a logout ends it with the login. */
  leave?(request: RequestView): Promise<void>;
  /** Reads what this source gives to pages that keep their login themselves. */
  readonly reader?: SubjectReader;
  close(): Promise<void>;
}

/** What is kept of a login, sealed: nobody reads it from the records alone. */
export interface StoredLogin {
  readonly subject: Subject;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
  /** The provider's own session (`sid`, OpenID Connect Back-Channel Logout §2.1); '' without one. */
  readonly sid: string;
  readonly tokens: Tokens | null;
  /** Roles or scopes have changed: the browser's next entry gets a new session. The desk's own, as is `moved`. */
  readonly due?: boolean;
  /** The session under which this login goes on: this one has ended. */
  readonly moved?: TakenGrant;
}

export interface Tokens {
  readonly access: string;
  /** '' without one. */
  readonly refresh: string;
  readonly id: string;
  /** When the access token expires: milliseconds since 1970; 0 where it was not said. */
  readonly expires: number;
  /** Which of them the backend gets as `Authorization: Bearer`. */
  readonly relay: 'access' | 'id' | 'none';
}

/** The desk where sources hand in who has shown who they are. It knows sessions; sources do not. */
export interface LoginDesk {
  /**
   * Takes a login and answers the `Set-Cookie` values of its grant: within 60 s the next entry of this very browser
   * takes it up, in a new session that is bound to a key of the browser (docs/protocol.md §2.4). The session of
   * `call` is then dead everywhere.
   */
  admit(call: EndpointCall, login: StoredLogin): Promise<readonly string[]>;
  /** Ends the login of the browser's session in the same manner: the next entry begins an anonymous session. */
  leave(call: EndpointCall): Promise<readonly string[]>;
  /** The stored login of the browser's session, tokens included; null without one. */
  stored(call: EndpointCall): Promise<StoredLogin | null>;
  /** Ends logins wherever they are: of one subject, or of one session at the provider. Resolves to how many. */
  end(which: { readonly source: string; readonly subject?: string; readonly sid?: string }): Promise<number>;
}
