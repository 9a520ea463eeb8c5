import { isSamePlace } from '../guard/drift.ts';
import { labelOf } from '../guard/session-label.ts';
import type { EntryGrant, SessionRef } from '../guard/state.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { Clock } from '../lib/clock.ts';
import { TICKET_RENEW_SECONDS, TICKET_SECONDS } from '../wire/constants.ts';
import type { EntryAnswer } from '../wire/entry.ts';
import type { EntryDeps, EntryResult, Refused } from './entry.ts';
import type { Attempt } from './entry-claim.ts';
import { cookiesFor } from './entry-cookies.ts';
import type { EntryLogins, TakenGrant } from './entry-logins.ts';
import type { Entered } from './entry-memory.ts';
import { refuse } from './entry-refusal.ts';
import { changedCode, isSameLogin, loginLabel } from './entry-session.ts';
import type { SessionContent } from './session-cookie.ts';

/** An entry that was opened. */
export interface Opened {
  readonly entered: Entered;
  /** Whether its session counts with the crowd of its network. */
  readonly crowded: boolean;
}

/** What comes of what state granted. */
export function open(deps: EntryDeps, attempt: Attempt, granted: EntryGrant): Eventually<Opened | Refused> {
  if (!granted.ok) return refuse(granted.code, 'the state refused the entry', [], granted.retryAfter);
  const session = sessionOf(attempt, granted.session);
  return whenKnown(withLogin(deps.logins, attempt, granted.session, session), (refused) =>
    refused === null ? complete(deps, attempt, granted, session) : refused,
  );
}

/** Takes up the login that the session is to have; null where that is done. */
function withLogin(
  logins: EntryLogins | null,
  { request, choice }: Attempt,
  { idHigh, idLow }: SessionRef,
  session: GrantedSession,
): Eventually<Refused | null> {
  if (logins === null) return null;
  if (choice.resume !== null && choice.resume.login !== 0 && session.isNew) {
    return whenKnown(logins.standing(choice.resume.id), (standing) => {
      // Another entry of this browser is moving the login: tried again, this one goes into its session.
      if (standing === 'due' || typeof standing === 'object') return refuse('session-key', 'the login has moved on');
      if (isSameLogin(request, session.login)) return null;
      return refuse(changedCode(session.login), 'the session has ended since');
    });
  }
  const { id, place, created, key } = session;
  return whenKnown(takes(logins, choice, { id, place, created, idHigh, idLow, key }), (mine) =>
    mine ? null : refuse('session-key', 'another entry took this login up first'),
  );
}

/** Whether the login that the new session is to have is its own now. */
function takes(logins: EntryLogins, choice: Attempt['choice'], to: TakenGrant): boolean | Promise<boolean> {
  if (choice.grant !== null) return logins.take(choice.grant, to);
  return choice.moves && choice.replaces !== null ? logins.move(choice.replaces.id, to) : true;
}

function complete(
  deps: EntryDeps,
  attempt: Attempt,
  grant: EntryGrant & { readonly ok: true },
  session: GrantedSession,
): Opened | Refused {
  const { request, facts, now, ticketId, userAgent, load } = attempt;
  const random = deps.random(32);
  const expires = Math.floor(now / 1000) + TICKET_SECONDS;
  const agreed = deps.keys.agree({
    pageKey: request.key,
    origin: facts.origin,
    authority: facts.authority,
    client: request.client,
    ticketId,
    expires,
    random,
    label: facts.label,
  });
  if (agreed === null) return refuse('schema', 'the page key is not a point of P-256');
  const ticket = deps.tickets.issueTicket({
    id: ticketId,
    session: Buffer.from(session.id, 'base64url'),
    sessionCreated: session.created,
    loginEpoch: session.login,
    windowPlace: grant.windowPlace,
    sessionPlace: grant.session.place,
    client: request.client,
    authority: facts.authority,
    origin: facts.origin,
    issued: Math.floor(now / 1000),
    expires,
    secret: agreed.secret,
    from: attempt.from,
  });
  // Opened here at once: the first call finds it known, and the local shield never delays what it knows.
  deps.tickets.openTicket(ticket);
  const entered: Entered = {
    key: agreed.serverKey.toString('base64url'),
    random: random.toString('base64url'),
    ticket,
    id: ticketId.toString('base64url'),
    expires,
    authority: facts.authority,
    session: labelOf(session.id),
    login: loginLabel(session.login),
    cookies: cookiesFor(deps, attempt, session),
  };
  const { id, created } = session;
  const { client } = request;
  deps.onEntered?.({ id, created, ref: grant.session, client, prefix: facts.prefix, userAgent, load });
  deps.challenges?.risk.crowded(labelOf(id), grant.crowded === true);
  return { entered, crowded: grant.crowded === true };
}

/** The session that an entry goes into. */
export interface GrantedSession extends SessionContent {
  /** Whether the cookie has to be written because of it. */
  readonly changed: boolean;
  readonly isNew: boolean;
}

/** The session that state granted: the cookie's own, or a new one where there was none or it has been ended. */
function sessionOf(attempt: Attempt, granted: SessionRef): GrantedSession {
  const { choice, sessionId, now, from } = attempt;
  const { resume } = choice;
  const { place } = granted;
  if (resume !== null && resume.idHigh === granted.idHigh && resume.idLow === granted.idLow) {
    const changed = resume.place !== place || !isSamePlace(resume.from, from);
    return { ...resume, place, from, changed, isNew: false };
  }
  const made = { id: sessionId.toString('base64url'), place, created: Math.floor(now / 1000) };
  // A session that state had ended begins anew, and nobody is logged in there.
  const login = resume === null ? choice.login : 0;
  return { ...made, key: choice.key, login, from, changed: true, isNew: true };
}

/** The same entry answers the same for a minute; only the clock it tells goes on. */
export function toAnswer(clock: Clock, { entered, crowded }: Opened): EntryResult {
  const now = clock.wall();
  const life = Math.max(0, entered.expires - Math.floor(now / 1000));
  const { key, random, ticket, id, expires, authority, session, login } = entered;
  const renew = Math.max(0, life - (TICKET_SECONDS - TICKET_RENEW_SECONDS));
  const times = { expires, time: now, life, renew };
  const message: EntryAnswer = { v: 1, key, random, ticket, id, ...times, authority, session, login };
  const fields = ['content-type', 'application/json', 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  for (const cookie of entered.cookies) fields.push('set-cookie', cookie);
  const answer = { status: 200, fields, body: JSON.stringify(message) };
  return crowded ? { kind: 'answer', answer, note: CROWDED } : { kind: 'answer', answer };
}

const CROWDED = 'more sessions than its network may open: counts together with the others of that crowd as well';
