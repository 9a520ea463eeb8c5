import { labelOf } from '../guard/session-label.ts';
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { Answer } from '../guard/decision.ts';
import { clientBit } from '../guard/client-bits.ts';
import { listsOrigin } from '../guard/origins.ts';
import type { Policy } from '../guard/policy.ts';
import type { EntryClaim, EntryGrant, SessionRef, State } from '../guard/state.ts';
import { isSamePlace, type Whereabouts } from '../guard/drift.ts';
import type { RequestView } from '../guard/view.ts';
import type { WaitingRoom } from '../guard/waiting-room.ts';
import type { Brought } from '../guard/challenge.ts';
import type { ChallengeMember } from '../wire/challenge.ts';
import type { Code } from '../wire/codes.ts';
import { BOUND_COOKIE, TICKET_RENEW_SECONDS, TICKET_SECONDS } from '../wire/constants.ts';
import { type EntryAnswer, type EntryRequest, parseEntryRequest } from '../wire/entry.ts';
import { formatSetCookie, readCookie } from './cookies.ts';
import { askNewcomer, type DoorChallenges, type DoorRefusal, letNewcomer, type Newcomer } from './entry-challenge.ts';
import type { EntryLogins, TakenGrant } from './entry-logins.ts';
import { changedCode, chooseSession, isSameLogin, loginLabel, type SessionChoice } from './entry-session.ts';
import { type AnswerMemory, createAnswerMemory, type Entered } from './entry-memory.ts';
import type { KeyAgreement } from './key-agreement.ts';
import type { Random } from './random.ts';
import { newSessionId, type OpenSession, type SessionContent, type SessionCookies } from './session-cookie.ts';
import type { EnteredSession } from '../guard/siblings.ts';
import type { Stamps, StampState } from './stamp.ts';
import type { Tickets } from './ticket.ts';
import { rememberedAt, staysBehind } from './entry-drift.ts';
import type { WhereaboutsReader } from './whereabouts.ts';

/** The second door: `POST {mount}/enter` (docs/protocol.md §2). */

export interface EntryDeps {
  readonly tickets: Tickets;
  readonly stamps: Stamps;
  readonly sessions: SessionCookies;
  readonly keys: KeyAgreement;
  readonly state: State;
  /** Null where nobody can log in here. */
  readonly logins: EntryLogins | null;
  /** What new sessions may be asked for; null or absent where nobody is. */
  readonly challenges?: DoorChallenges | null;
  /** Where new visitors wait whose network has used up its allowance. Without one, none does. */
  readonly room?: WaitingRoom;
  /** Whether somebody has banned the session of this public label: as long as its cookie comes, nobody enters. */
  readonly isBanned?: (label: string) => boolean;
  /** Whether a rule lets nobody open a new session from this prefix for now. */
  readonly isClosed?: (prefix: string) => boolean;
  /** Told of every session that was entered. */
  readonly onEntered?: (session: EnteredSession) => void;
  readonly policy: () => Policy;
  readonly clock: Clock;
  readonly random: Random;
  /** Reads from where an entry comes. */
  readonly whereabouts: WhereaboutsReader;
}

/** What the layers before have found out. Host and site have been checked. */
export interface EntryFacts {
  /** Value of Origin. */
  readonly origin: string;
  /** Authority by which the client reached us: what proofs will be signed for. */
  readonly authority: string;
  /** Network prefix that pays for a new session. */
  readonly prefix: string;
  /** A test with a pass: no limit on new sessions counts it. */
  readonly unlimited?: boolean;
}

export type EntryResult =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** For the record: what was out of the ordinary. */
      readonly note?: string;
    }
  | {
      readonly kind: 'refuse';
      readonly code: Code;
      /** `Set-Cookie` values that go with the refusal. */
      readonly cookies: readonly string[];
      /** Seconds, 0 for none. */
      readonly retryAfter: number;
      /** For the record. */
      readonly evidence: string;
      /** For the code `challenge`: what is to be done. */
      readonly challenge?: ChallengeMember | null;
    };

/** Opens entries. Synchronous where the state is. */
export type Enter = (view: RequestView, body: Uint8Array, facts: EntryFacts) => EntryResult | Promise<EntryResult>;

/** Entries under a stamp that no page load gave may open this share of the sessions otherwise allowed. */
const LATE_SHARE = 1 / 4;
/**
 * Entries into one session: a key agreement each, and one session is free for an hour. Two minutes' worth may come at
 * once: windows restored with all their tabs and workers, somebody who reloads and reloads.
 */
const ENTRIES_PER_MINUTE = 60;

const UNLIMITED = 1_000_000;

interface Attempt {
  readonly request: EntryRequest;
  readonly facts: EntryFacts;
  readonly now: number;
  readonly choice: SessionChoice & { readonly kind: 'enter' };
  readonly userAgent: string;
  /** What ticket and cookie remember. */
  readonly from: Whereabouts;
  /** Whether a cookie came along that names a bound session to the page's script. */
  readonly labelled: boolean;
  /** Whether the stamp that came along will not last until the next entry. */
  readonly stampWorn: boolean;
  /** New ids, should they be needed: 16 bytes each. */
  readonly ticketId: Buffer;
  readonly sessionId: Buffer;
}

export function createEntry(deps: EntryDeps): Enter {
  const memory = createAnswerMemory(deps.clock);
  // Entries that wait for state, so that one sent twice at once makes one claim, too. As many as requests in flight.
  const waiting = new Map<string, Promise<EntryResult>>();
  return (view, body, facts) => {
    const key = memoryKey(view, body, facts, deps.policy());
    const known = memory.get(key);
    if (known !== null) return admit(deps, known);
    const pending = waiting.get(key);
    if (pending !== undefined) return pending;
    const result = whenKnown(prepare(deps, view, body, facts), (prepared) => {
      if ('kind' in prepared) return prepared;
      const { attempt, claim, brought } = prepared;
      if (brought !== null) return solved(deps, memory, key, { ...prepared, brought }, view);
      // What follows the claim costs a key agreement: a flood is turned away before it.
      return whenKnown(inTurn(deps, claim, view), ({ grant, now }) =>
        conclude(deps, memory, key, { ...attempt, now }, grant),
      );
    });
    if (!(result instanceof Promise)) return result;
    const settled = result.finally(() => waiting.delete(key));
    waiting.set(key, settled);
    return settled;
  };
}

/** Goes on with whoever brings a solution that is one. */
async function solved(
  deps: EntryDeps,
  memory: AnswerMemory,
  key: string,
  { attempt, claim, brought }: Prepared & { readonly brought: Brought },
  view: RequestView,
): Promise<EntryResult> {
  const { challenges, state, clock } = deps;
  if (!challenges) return refuse('unsure', 'nobody looks at solutions here');
  const refused = await letNewcomer(challenges, state, brought, newcomerOf(attempt, view), clock.wall());
  if (refused !== null) return shut(refused);
  const { grant, now } = await inTurn(deps, { ...claim, now: clock.wall() }, view);
  return conclude(deps, memory, key, { ...attempt, now }, grant);
}

const newcomerOf = ({ request, facts }: Pick<Attempt, 'request' | 'facts'>, view: RequestView): Newcomer => ({
  view,
  key: request.key,
  solution: request.challenge,
  authority: facts.authority,
  prefix: facts.prefix,
});

const shut = ({ code, evidence, challenge }: DoorRefusal): EntryResult => ({
  ...refuse(code, evidence),
  ...(challenge !== null && { challenge }),
});

/**
 * Seconds that a new visitor waits whose network has used up its allowance. Less than what the page waits for an entry (20 s).
 */
export const TURN_SECONDS = 8;

interface Turn {
  readonly grant: EntryGrant;
  /** When it was given. */
  readonly now: number;
}

/**
 * What state grants: at once, or where there is no room for one more session, after a wait. Who has waited gets in, so that
 * nobody who farms sessions keeps a neighbour out; beyond its network's allowance as one of the crowd, so that a farm of
 * those is worth one session. The wait binds a request, and these are bounded: many at once wait no less than one.
 */
function inTurn({ state, room, clock }: EntryDeps, claim: EntryClaim, { waiter }: RequestView): Eventually<Turn> {
  const { now, prefix } = claim;
  const waits = (refused: EntryGrant): Eventually<Turn> => {
    if (room === undefined || !room.hasRoom(prefix)) return { grant: refused, now };
    return room.wait(TURN_SECONDS * 1000, prefix, waiter).then(async (stayed) => {
      const later = clock.wall();
      return stayed
        ? { grant: await state.enter({ ...claim, now: later, crowd: true }), now: later }
        : { grant: refused, now };
    });
  };
  // Nobody overtakes those who wait.
  const isNew = claim.session === null && claim.replaces === null && claim.mintsPerMinute < UNLIMITED;
  if (isNew && room?.isWaiting(prefix) === true) return waits(PUT_OFF);
  return whenKnown(state.enter(claim), (grant) => (!grant.ok && grant.waits === true ? waits(grant) : { grant, now }));
}

const PUT_OFF: EntryGrant = Object.freeze({ ok: false, code: 'limit', retryAfter: 20 });

interface Prepared {
  readonly attempt: Attempt;
  readonly claim: EntryClaim;
  /** The solution that is still to be looked at; null where none was asked for. */
  readonly brought: Brought | null;
}

/** Everything that is decided before state is asked, cheapest first. */
function prepare(
  deps: EntryDeps,
  view: RequestView,
  body: Uint8Array,
  facts: EntryFacts,
): Eventually<Prepared | EntryResult> {
  const policy = deps.policy();
  const request = parseEntryRequest(body);
  if (request === null) return refuse('schema', 'the entry request is not the JSON of docs/protocol.md §2.1');
  const client = policy.clients.get(request.client);
  if (client === undefined) return refuse('forbidden', 'no such client');
  if (!listsOrigin(policy, client, facts.origin, facts.authority))
    return refuse('origin', `origin not listed for ${client.name}`);
  const stamp = client.stamp === 'waive' ? 'good' : deps.stamps.spend(view.headers.cookie);
  if (stamp === 'missing') return refuse('stamp', 'no stamp in time', [deps.stamps.issue(true)]);
  const now = deps.clock.wall();
  const shown = deps.sessions.open(view.headers.cookie, now);
  if (shown !== null && deps.isBanned?.(labelOf(shown.id)) === true)
    return refuse('banned', `session ${labelOf(shown.id)} is banned`);
  const grant = deps.logins?.granted(view.headers.cookie, shown, now) ?? null;
  const here = deps.whereabouts.here(facts.prefix, view.headers);
  // A new login makes a session of here.
  const session = grant === null && staysBehind(policy.drift, shown, here) ? null : shown;
  const { origin } = facts;
  const stampWorn = client.stamp !== 'waive' && deps.stamps.isWorn(view.headers.cookie);
  const ids = { ticketId: deps.random(16), sessionId: newSessionId(deps.random) };
  const chosen = chooseSession({ policy, logins: deps.logins, request, origin, session, grant });
  return whenKnown(chosen, (choice) => {
    const labelled = readCookie(view.headers.cookie, BOUND_COOKIE) !== '';
    if (choice.kind === 'refuse') {
      const cookies = choice.code === 'session-key' ? labelFor(deps, session, labelled, now) : [];
      return refuse(choice.code, choice.evidence, cookies);
    }
    if (choice.resume === null && choice.replaces === null && deps.isClosed?.(facts.prefix) === true)
      return refuse('banned', 'a rule lets nobody open a new session from this network for a while');
    const isNew = choice.resume === null && choice.replaces === null && facts.unlimited !== true;
    const asked =
      isNew && deps.challenges ? askNewcomer(deps.challenges, policy, newcomerOf({ request, facts }, view)) : null;
    if (asked !== null && 'code' in asked) return shut(asked);
    const { userAgent } = view.headers;
    const from = rememberedAt(policy.drift, choice, shown, here);
    const attempt: Attempt = { request, facts, now, choice, labelled, stampWorn, userAgent, from, ...ids };
    return { attempt, claim: claimOf(attempt, policy, stamp), brought: asked };
  });
}

/** What the page's script has to read to sign for the session that its cookie names: with another name no key would fit. */
function labelFor(deps: EntryDeps, session: SessionContent | null, labelled: boolean, now: number): readonly string[] {
  if (session !== null && session.key !== '') return [deps.sessions.issueLabel(session, now)];
  return labelled ? [formatSetCookie(BOUND_COOKIE, '', 0)] : [];
}

function claimOf(attempt: Attempt, policy: Policy, stamp: StampState): EntryClaim {
  const { choice, ticketId, sessionId, now, facts } = attempt;
  const { resume, replaces } = choice;
  const share = stamp === 'late' ? LATE_SHARE : 1;
  return {
    now,
    windowIdHigh: ticketId.readUInt32BE(0),
    windowIdLow: ticketId.readUInt32BE(4),
    windowLife: TICKET_SECONDS * 1000,
    client: clientBit(policy, attempt.request.client),
    session: resume && refOf(resume),
    // Ended for as long as its cookie could live.
    replaces: replaces && {
      session: refOf(replaces),
      until: now + policy.session.max * 1000,
      reason: choice.moves ? 'ended' : 'login',
    },
    newIdHigh: sessionId.readUInt32BE(0),
    newIdLow: sessionId.readUInt32BE(4),
    prefix: facts.prefix,
    mintsPerMinute: facts.unlimited === true ? UNLIMITED : Math.ceil(policy.mint.perPrefix * share),
    mintsPerMinuteTotal: facts.unlimited === true ? UNLIMITED : policy.mint.total,
    entriesPerMinute: ENTRIES_PER_MINUTE,
  };
}

const refOf = ({ place, idHigh, idLow }: OpenSession): SessionRef => ({ place, idHigh, idLow });

function conclude(
  deps: EntryDeps,
  memory: AnswerMemory,
  key: string,
  attempt: Attempt,
  granted: EntryGrant,
): Eventually<EntryResult> {
  if (!granted.ok) return refuse(granted.code, 'the state refused the entry', [], granted.retryAfter);
  const session = sessionOf(attempt, granted.session);
  const { request, choice } = attempt;
  const { logins } = deps;
  if (logins === null) return complete(deps, memory, key, attempt, granted, session);
  if (choice.resume !== null && choice.resume.login !== 0 && session.isNew) {
    return whenKnown(logins.standing(choice.resume.id), (standing) => {
      // Another entry of this browser is moving the login: tried again, this one goes into its session.
      if (standing === 'due' || typeof standing === 'object') return refuse('session-key', 'the login has moved on');
      if (!isSameLogin(request, session.login))
        return refuse(changedCode(session.login), 'the session has ended since');
      return complete(deps, memory, key, attempt, granted, session);
    });
  }
  const { id, place, created } = session;
  const { idHigh, idLow } = granted.session;
  const to = { id, place, created, idHigh, idLow, key: session.key };
  const took = takes(logins, choice, to);
  return whenKnown(took, (mine) =>
    mine
      ? complete(deps, memory, key, attempt, granted, session)
      : refuse('session-key', 'another entry took this login up first'),
  );
}

/** Whether the login that the new session is to have is its own now. */
function takes(logins: EntryLogins, choice: Attempt['choice'], to: TakenGrant): boolean | Promise<boolean> {
  if (choice.grant !== null) return logins.take(choice.grant, to);
  return choice.moves && choice.replaces !== null ? logins.move(choice.replaces.id, to) : true;
}

function complete(
  deps: EntryDeps,
  memory: AnswerMemory,
  key: string,
  attempt: Attempt,
  grant: EntryGrant & { readonly ok: true },
  session: GrantedSession,
): EntryResult {
  const { request, facts, now, ticketId, userAgent } = attempt;
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
  memory.set(key, entered);
  const { id, created } = session;
  const { client } = request;
  deps.onEntered?.({ id, created, ref: grant.session, client, prefix: facts.prefix, userAgent });
  deps.challenges?.risk.crowded(labelOf(id), grant.crowded === true);
  const result = admit(deps, entered);
  return grant.crowded === true && result.kind === 'answer' ? { ...result, note: CROWDED } : result;
}

const CROWDED = 'more sessions than its network may open: counts with the others of that crowd as one';

interface GrantedSession extends SessionContent {
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

/** `Set-Cookie` values of an admitted entry: none, as a rule, where the session was known. */
function cookiesFor(deps: EntryDeps, attempt: Attempt, session: GrantedSession): readonly string[] {
  const { now, choice } = attempt;
  const cookies: string[] = [];
  if (session.changed || (choice.resume !== null && deps.sessions.isWorn(choice.resume, now))) {
    cookies.push(deps.sessions.issue(session, now));
    cookies.push(...labelFor(deps, session, attempt.labelled, now));
  }
  if (choice.grant !== null && deps.logins !== null) cookies.push(deps.logins.clear);
  // A page that stays open is loaded once; its session keeps it from needing a refusal at every second renewal.
  if (!session.isNew && attempt.stampWorn) cookies.push(deps.stamps.issue(true));
  return cookies;
}

/** The same entry answers the same for a minute; only the clock it tells goes on. */
function admit(deps: EntryDeps, entered: Entered): EntryResult {
  const now = deps.clock.wall();
  const life = Math.max(0, entered.expires - Math.floor(now / 1000));
  const { key, random, ticket, id, expires, authority, session, login } = entered;
  const renew = Math.max(0, life - (TICKET_SECONDS - TICKET_RENEW_SECONDS));
  const times = { expires, time: now, life, renew };
  const message: EntryAnswer = { v: 1, key, random, ticket, id, ...times, authority, session, login };
  const fields = ['content-type', 'application/json', 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  for (const cookie of entered.cookies) fields.push('set-cookie', cookie);
  return { kind: 'answer', answer: { status: 200, fields, body: JSON.stringify(message) } };
}

function refuse(
  code: Code,
  evidence: string,
  cookies: readonly string[] = [],
  retryAfter = 0,
): EntryResult & { readonly kind: 'refuse' } {
  return { kind: 'refuse', code, cookies, retryAfter, evidence };
}

/** Same body, cookies, origin and authority under the same policy. */
function memoryKey(view: RequestView, body: Uint8Array, facts: EntryFacts, policy: Policy): string {
  const hash = createHash('sha256');
  for (const part of [facts.origin, facts.authority, view.headers.cookie, policy.mount]) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.update(body).digest('base64');
}
