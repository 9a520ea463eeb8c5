import { BOUND_COOKIE } from '../wire/constants.ts';
import { formatSetCookie } from './cookies.ts';
import type { EntryDeps } from './entry.ts';
import type { Attempt } from './entry-claim.ts';
import type { GrantedSession } from './entry-answer.ts';
import type { SessionContent } from './session-cookie.ts';

/** `Set-Cookie` values of an admitted entry: none, as a rule, where the session was known. */
export function cookiesFor(deps: EntryDeps, attempt: Attempt, session: GrantedSession): readonly string[] {
  const { now, choice } = attempt;
  const cookies: string[] = [];
  if (session.changed || (choice.resume !== null && deps.sessions.isWorn(choice.resume, now))) {
    cookies.push(deps.sessions.issue(session, now));
    cookies.push(...labelFor(deps, session, attempt.labelled, now));
  }
  if (choice.grant !== null && deps.logins !== null) cookies.push(deps.logins.clear);
  // A page that stays open is loaded once; its session keeps it from needing a refusal at every second renewal.
  if (!session.isNew && attempt.renewed !== '') cookies.push(attempt.renewed);
  return cookies;
}

/** What the page's script has to read to sign for the session that its cookie names: with another name no key would fit. */
export function labelFor(
  deps: EntryDeps,
  session: SessionContent | null,
  labelled: boolean,
  now: number,
): readonly string[] {
  if (session !== null && session.key !== '') return [deps.sessions.issueLabel(session, now)];
  return labelled ? [formatSetCookie(BOUND_COOKIE, '', 0)] : [];
}
