import type { Eventually } from '../lib/eventually.ts';
import type { Refusal } from './decision.ts';
import type { Context } from './layer.ts';
import type { SessionRef } from './state.ts';
import type { RequestView } from './view.ts';

/**
 * Who is calling, whatever vouches for it. Made by an identity source after it verified something, never from what a
 * request merely says.
 */
export interface Subject {
  /** Stable within its source, 1 to 255 characters: an OpenID Connect `sub`, an account's id. */
  readonly id: string;
  /** Who vouches: `accounts`, `jwt`, `hook`, or a provider's name as configured. */
  readonly source: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** How the person logged in, as the provider names it (OpenID Connect Core §2 `acr`); '' where unknown. */
  readonly acr: string;
  /** Methods of that login (RFC 8176). */
  readonly amr: readonly string[];
  /** When: seconds since 1970; 0 where unknown. */
  readonly authTime: number;
  /** What else the source says, without tokens. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What is known of a login that belongs to a session. */
export interface Login {
  readonly subject: Subject;
  /** Milliseconds since 1970, after which it has to be made again. */
  readonly expires: number;
  /** Value for the backend's Authorization field, where policy relays the provider's token; '' for none. */
  readonly relay: string;
}

/** The login of each session, for layers. Filled by src/identity; the session itself is the doors'. */
export interface Logins {
  /**
   * The login of a session that its ticket or cookie says is logged in; null where it ended. Synchronous where it is
   * in memory. Rejects where records cannot be reached.
   */
  of(session: string): Eventually<Login | null>;
  /** Whether a session ended because somebody logged in or out in its browser. */
  hasChanged(session: SessionRef): Eventually<boolean>;
  /** Whether its login goes on under another session of the same browser, because what the person may do has changed. */
  hasMoved(session: string): Eventually<boolean>;
}

/** A way of showing who one is with each request: a token, or what the app's own framework knows. */
export interface SubjectReader {
  /** What a 401 offers whoever showed nothing (RFC 9110 §11.3): `Bearer`. Left out where no field of HTTP's own is read. */
  readonly challenge?: string;
  /**
   * The subject; null where the request shows nothing of this kind; a refusal for what it shows and is not good. On
   * routes that ask for nobody a refusal counts as nobody.
   */
  read(request: RequestView, context: Context): Eventually<Subject | Refusal | null>;
  /**
   * The same of a request that is still open, about once a second: uses nothing up, and asks nobody oftener than it has
   * to. `unsure` where it cannot be known.
   */
  again(request: RequestView, context: Context): Eventually<Subject | Refusal | null>;
  /**
   * The request was refused with a code on which the page's script sends it again by itself: what the reader used up for
   * it may be used once more. For readers that use anything up.
   */
  release?(context: Context): void;
  close?(): void;
}

/** A revocable key of a server or partner, after it was verified. */
export interface KeyFacts {
  /** Public id of the key: what records and logs call it. */
  readonly id: string;
  /** Account of the partner it belongs to. */
  readonly account: string;
  readonly scopes: readonly string[];
}

/** Whether both may do the same, as far as roles and scopes go. */
export const mayTheSame = (one: Subject, other: Subject): boolean =>
  sameWords(one.roles, other.roles) && sameWords(one.scopes, other.scopes);

const sameWords = (some: readonly string[], others: readonly string[]): boolean => {
  const [first, second] = [new Set(some), new Set(others)];
  return first.size === second.size && [...first].every((word) => second.has(word));
};

/** Identity of a subject in one text: `source:id`. */
export const subjectName = (subject: Subject): string => `${subject.source}:${subject.id}`;
