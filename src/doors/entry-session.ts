import { labelOf } from '../guard/session-label.ts';
import { NOWHERE } from '../guard/drift.ts';
import type { Policy } from '../guard/policy.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { Code } from '../wire/codes.ts';
import type { EntryRequest } from '../wire/entry.ts';
import type { EntryLogins, LoginGrant } from './entry-logins.ts';
import type { OpenSession } from './session-cookie.ts';
import { provesKey, thumbprint } from './session-key.ts';

/** Which session an entry goes into (docs/protocol.md §2.4, §2.5). */
export type SessionChoice =
  | {
      readonly kind: 'enter';
      /** The session to go on with; null for a new one. */
      readonly resume: OpenSession | null;
      /** The session whose place a new one takes. */
      readonly replaces: OpenSession | null;
      /** What a new session is bound to, and the login it gets. */
      readonly key: string;
      readonly login: number;
      /** The login that the entry takes up. */
      readonly grant: LoginGrant | null;
      /** Whether the login of the replaced session goes on in the new one. */
      readonly moves: boolean;
    }
  | { readonly kind: 'refuse'; readonly code: Code; readonly evidence: string };

export interface Chooser {
  readonly policy: Policy;
  readonly logins: EntryLogins | null;
  readonly request: EntryRequest;
  readonly origin: string;
  /** What the session cookie says. */
  readonly session: OpenSession | null;
  readonly grant: LoginGrant | null;
}

export function chooseSession(chooser: Chooser): Eventually<SessionChoice> {
  const chosen = chooser.grant === null ? byCookie(chooser) : byGrant(chooser, chooser.grant);
  return whenKnown(chosen, (choice) => unchanged(chooser, choice));
}

/** A page that was open before goes on with the login it knows, or not at all: nobody's call is sent as somebody else. */
function unchanged({ request }: Chooser, choice: SessionChoice): SessionChoice {
  if (choice.kind === 'refuse') return choice;
  const { login } = choice.resume ?? choice;
  if (isSameLogin(request, login)) return choice;
  return refuse(changedCode(login), 'somebody logged in or out since this page entered first');
}

/** A page's first entry takes whatever login there is. */
export const isSameLogin = (request: EntryRequest, login: number): boolean =>
  request.login === '' || request.login === loginLabel(login);

/** What a page is told whose login is gone: that there is another one, or that none is left. */
export const changedCode = (login: number): Code => (login === 0 ? 'login-required' : 'login-changed');

/** What pages call a login: equal as long as it is the same. */
export const loginLabel = (login: number): string => login.toString(36);

function byCookie(chooser: Chooser): Eventually<SessionChoice> {
  const { policy, logins, request, session } = chooser;
  const always = policy.session.bind === 'always';
  if (session === null || (always && session.key === '')) return always ? bound(chooser) : begin('', null);
  if (session.key === '') return resume(session);
  if (request.session === null) return refuse('session-key', 'the session is bound, and no session key came along');
  // A cookie without its key resumes nothing: whoever brings it is a new visitor.
  if (thumbprint(request.session.key) !== session.key) return always ? bound(chooser) : begin('', null);
  // Workers read no cookies, so theirs names no session: the key and the cookie say which one it is.
  if (!proves(chooser, [labelOf(session.id), '']))
    return refuse('session-key', 'the key has not signed for this session');
  if (session.login === 0) return resume(session);
  return whenKnown(logins?.standing(session.id) ?? 'ended', (standing) => {
    if (standing === 'stands') return resume(session);
    if (standing === 'due') return { ...begin(session.key, session), login: session.login, moves: true };
    if (standing === 'ended') return begin(always ? session.key : '', session);
    // Its cookie is on the way to this browser, or was lost: worn from the beginning, it is written again.
    return standing.key === session.key
      ? resume({ ...standing, login: session.login, seen: 0, from: session.from })
      : begin('', null);
  });
}

function byGrant(chooser: Chooser, grant: LoginGrant): Eventually<SessionChoice> {
  const { request, session } = chooser;
  const { taken, login } = grant;
  if (request.session === null) return refuse('session-key', 'a login waits for the key of its session');
  const labels = session === null ? [''] : ['', labelOf(session.id)];
  if (!proves(chooser, labels)) return refuse('session-key', 'the key has not signed for this login');
  const key = thumbprint(request.session.key);
  if (taken === null) return { ...begin(key, session), login, grant };
  // Another key took this login up: here it is worth nothing any more.
  if (taken.key !== key) return byCookie(chooser);
  // From where it is entered now, the entry says.
  return resume({ ...taken, login, seen: taken.created, from: NOWHERE });
}

/** A new session under `bind: 'always'`. */
function bound(chooser: Chooser): SessionChoice {
  const { request, session } = chooser;
  if (request.session === null) return refuse('session-key', 'every session is bound, and no session key came along');
  if (!proves(chooser, ['', ...(session === null ? [] : [labelOf(session.id)])]))
    return refuse('session-key', 'the key has not signed for a new session');
  return begin(thumbprint(request.session.key), null);
}

function proves({ request, origin }: Chooser, labels: readonly string[]): boolean {
  const facts = { pageKey: request.key, origin, client: request.client };
  return request.session !== null && provesKey(request.session, facts, labels);
}

const begin = (key: string, replaces: OpenSession | null): SessionChoice & { kind: 'enter' } => ({
  kind: 'enter',
  resume: null,
  replaces,
  key,
  login: 0,
  grant: null,
  moves: false,
});

const resume = (session: OpenSession): SessionChoice => ({
  kind: 'enter',
  resume: session,
  replaces: null,
  key: session.key,
  login: session.login,
  grant: null,
  moves: false,
});

const refuse = (code: Code, evidence: string): SessionChoice => ({ kind: 'refuse', code, evidence });
