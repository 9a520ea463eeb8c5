import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Answer } from '../guard/decision.ts';
import { listsOrigin } from '../guard/origins.ts';
import type { Policy } from '../guard/policy.ts';
import type { EntryGrant, SessionRef, State } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import type { Code } from '../wire/codes.ts';
import { TICKET_RENEW_SECONDS, TICKET_SECONDS } from '../wire/constants.ts';
import { type EntryAnswer, type EntryRequest, parseEntryRequest } from '../wire/entry.ts';
import { type AnswerMemory, createAnswerMemory, type Entered } from './entry-memory.ts';
import type { KeyAgreement } from './key-agreement.ts';
import type { Random } from './random.ts';
import type { OpenSession, SessionContent, SessionCookies } from './session-cookie.ts';
import type { Stamps, StampState } from './stamp.ts';
import type { Tickets } from './ticket.ts';

/** The second door: `POST {mount}/enter` (docs/protocol.md §2). */

export interface EntryDeps {
  readonly tickets: Tickets;
  readonly stamps: Stamps;
  readonly sessions: SessionCookies;
  readonly keys: KeyAgreement;
  readonly state: State;
  readonly policy: () => Policy;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the layers before have found out. Host and site have been checked. */
export interface EntryFacts {
  /** Value of Origin. */
  readonly origin: string;
  /** Authority by which the client reached us: what proofs will be signed for. */
  readonly authority: string;
  /** Network prefix that pays for a new session. */
  readonly prefix: string;
}

export type EntryResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'refuse';
      readonly code: Code;
      /** `Set-Cookie` values that go with the refusal. */
      readonly cookies: readonly string[];
      /** Seconds, 0 for none. */
      readonly retryAfter: number;
      /** For the record. */
      readonly evidence: string;
    };

/** Opens entries. Synchronous where the state is. */
export type Enter = (view: RequestView, body: Uint8Array, facts: EntryFacts) => EntryResult | Promise<EntryResult>;

/** Entries under a stamp that no page load gave may open this share of the sessions otherwise allowed. */
const LATE_SHARE = 1 / 4;

interface Attempt {
  readonly request: EntryRequest;
  readonly facts: EntryFacts;
  readonly now: number;
  readonly session: OpenSession | null;
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
    const prepared = prepare(deps, view, body, facts);
    if ('kind' in prepared) return prepared;
    const { attempt, claim } = prepared;
    const grant = deps.state.enter(claim);
    // What follows the claim costs a key agreement: a flood is turned away before it.
    if (!(grant instanceof Promise)) return conclude(deps, memory, key, attempt, grant);
    const result = grant
      .then((given) => conclude(deps, memory, key, attempt, given))
      .finally(() => waiting.delete(key));
    waiting.set(key, result);
    return result;
  };
}

/** Everything that is decided before state is asked, cheapest first. */
function prepare(deps: EntryDeps, view: RequestView, body: Uint8Array, facts: EntryFacts) {
  const policy = deps.policy();
  const request = parseEntryRequest(body);
  if (request === null) return refuse('schema', 'the entry request is not the JSON of docs/protocol.md §2.1');
  const client = policy.clients.get(request.client);
  if (client === undefined) return refuse('forbidden', 'no such client');
  if (!listsOrigin(policy, client, facts.origin)) return refuse('origin', `origin not listed for ${client.name}`);
  const stamp = client.stamp === 'waive' ? 'good' : deps.stamps.spend(view.headers.cookie);
  if (stamp === 'missing') return refuse('stamp', 'no stamp in time', [deps.stamps.issue(true)]);
  const now = deps.clock.wall();
  const session = deps.sessions.open(view.headers.cookie, now);
  const stampWorn = client.stamp !== 'waive' && deps.stamps.isWorn(view.headers.cookie);
  const ids = { ticketId: deps.random(16), sessionId: deps.random(16) };
  const attempt: Attempt = { request, facts, now, session, stampWorn, ...ids };
  return { attempt, claim: claimOf(attempt, policy, stamp) };
}

function claimOf(attempt: Attempt, policy: Policy, stamp: StampState) {
  const { session, ticketId, sessionId, now, facts } = attempt;
  const share = stamp === 'late' ? LATE_SHARE : 1;
  return {
    now,
    windowIdHigh: ticketId.readUInt32BE(0),
    windowIdLow: ticketId.readUInt32BE(4),
    windowLife: TICKET_SECONDS * 1000,
    session: session && { place: session.place, idHigh: session.idHigh, idLow: session.idLow },
    newIdHigh: sessionId.readUInt32BE(0),
    newIdLow: sessionId.readUInt32BE(4),
    prefix: facts.prefix,
    mintsPerMinute: Math.ceil(policy.mint.perPrefix * share),
    mintsPerMinuteTotal: policy.mint.total,
  };
}

function conclude(
  deps: EntryDeps,
  memory: AnswerMemory,
  key: string,
  attempt: Attempt,
  grant: EntryGrant,
): EntryResult {
  if (!grant.ok) return refuse(grant.code, 'the state refused the entry', [], grant.retryAfter);
  const { request, facts, now, ticketId } = attempt;
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
  const session = sessionOf(attempt, grant.session);
  const ticket = deps.tickets.issueTicket({
    id: ticketId,
    session: Buffer.from(session.id, 'base64url'),
    loginEpoch: 0,
    windowPlace: grant.windowPlace,
    sessionPlace: grant.session.place,
    client: request.client,
    authority: facts.authority,
    origin: facts.origin,
    issued: Math.floor(now / 1000),
    expires,
    secret: agreed.secret,
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
    cookies: cookiesFor(deps, attempt, session),
  };
  memory.set(key, entered);
  return admit(deps, entered);
}

interface GrantedSession extends SessionContent {
  /** Whether the cookie has to be written because of it. */
  readonly changed: boolean;
  readonly isNew: boolean;
}

/** The session that state granted: the cookie's own, or a new one where there was none or it has been ended. */
function sessionOf(attempt: Attempt, granted: SessionRef): GrantedSession {
  const { session, sessionId, now } = attempt;
  const { place } = granted;
  if (session !== null && session.idHigh === granted.idHigh && session.idLow === granted.idLow) {
    return { id: session.id, place, created: session.created, changed: session.place !== place, isNew: false };
  }
  return { id: sessionId.toString('base64url'), place, created: Math.floor(now / 1000), changed: true, isNew: true };
}

/** `Set-Cookie` values of an admitted entry: none, as a rule, where the session was known. */
function cookiesFor(deps: EntryDeps, attempt: Attempt, session: GrantedSession): readonly string[] {
  const { now } = attempt;
  const cookies: string[] = [];
  if (session.changed || (attempt.session !== null && deps.sessions.isWorn(attempt.session, now))) {
    cookies.push(deps.sessions.issue(session, now));
  }
  // A page that stays open is loaded once; its session keeps it from needing a refusal at every second renewal.
  if (!session.isNew && attempt.stampWorn) cookies.push(deps.stamps.issue(true));
  return cookies;
}

/** The same entry answers the same for a minute; only the clock it tells goes on. */
function admit(deps: EntryDeps, entered: Entered): EntryResult {
  const now = deps.clock.wall();
  const life = Math.max(0, entered.expires - Math.floor(now / 1000));
  const { key, random, ticket, id, expires, authority } = entered;
  const renew = Math.max(0, life - (TICKET_SECONDS - TICKET_RENEW_SECONDS));
  const message: EntryAnswer = { v: 1, key, random, ticket, id, expires, time: now, life, renew, authority };
  const fields = ['content-type', 'application/json', 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  for (const cookie of entered.cookies) fields.push('set-cookie', cookie);
  return { kind: 'answer', answer: { status: 200, fields, body: JSON.stringify(message) } };
}

function refuse(code: Code, evidence: string, cookies: readonly string[] = [], retryAfter = 0): EntryResult {
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
