import { clientBit } from '../guard/client-bits.ts';
import type { Whereabouts } from '../guard/drift.ts';
import { listsOrigin } from '../guard/origins.ts';
import type { Policy } from '../guard/policy.ts';
import { labelOf } from '../guard/session-label.ts';
import type { EntryClaim } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { BOUND_COOKIE, TICKET_SECONDS } from '../wire/constants.ts';
import { type EntryRequest, parseEntryRequest } from '../wire/entry.ts';
import { readCookie } from './cookies.ts';
import type { EntryDeps, EntryFacts, Refused } from './entry.ts';
import { labelFor } from './entry-cookies.ts';
import { rememberedAt, staysBehind } from './entry-drift.ts';
import { type Met, meet, refOf } from './entry-newcomer.ts';
import { refuse } from './entry-refusal.ts';
import { chooseSession, type SessionChoice } from './entry-session.ts';
import { newSessionId } from './session-cookie.ts';
import type { StampState } from './stamp.ts';

/** Entries under a stamp that no page load gave may open this share of the sessions otherwise allowed. */
const LATE_SHARE = 1 / 4;
/**
 * Entries into one session: a key agreement each, and one session is free for an hour. Two minutes' worth may come at
 * once: windows restored with all their tabs and workers, somebody who reloads and reloads.
 */
const ENTRIES_PER_MINUTE = 60;

const UNLIMITED = 1_000_000;

/** An entry that nothing speaks against but what state may say. */
export interface Attempt {
  readonly request: EntryRequest;
  readonly facts: EntryFacts;
  readonly now: number;
  readonly choice: SessionChoice & { readonly kind: 'enter' };
  readonly userAgent: string;
  /** The page load that its stamp is of; '' where none was asked for. */
  readonly load: string;
  /** What ticket and cookie remember. */
  readonly from: Whereabouts;
  /** Whether a cookie came along that names a bound session to the page's script. */
  readonly labelled: boolean;
  /** `Set-Cookie` of the stamp that follows the one which came along, where that will not last until the next entry; ''. */
  readonly renewed: string;
  /** New ids, should they be needed: 16 bytes each. */
  readonly ticketId: Buffer;
  readonly sessionId: Buffer;
}

export interface Prepared extends Met {
  readonly attempt: Attempt;
  readonly claim: EntryClaim;
}

/** Everything that is decided before state is asked for a session, cheapest first. */
export function prepare(
  deps: EntryDeps,
  view: RequestView,
  body: Uint8Array,
  facts: EntryFacts,
): Eventually<Prepared | Refused> {
  const policy = deps.policy();
  const { cookie, userAgent } = view.headers;
  const request = parseEntryRequest(body);
  if (request === null) return refuse('schema', 'the entry request is not the JSON of docs/protocol.md §2.1');
  const client = policy.clients.get(request.client);
  if (client === undefined) return refuse('forbidden', 'no such client');
  if (!listsOrigin(policy, client, facts.origin, facts.authority))
    return refuse('origin', `origin not listed for ${client.name}`);
  const stamp = client.stamp === 'waive' ? 'good' : deps.stamps.spend(cookie);
  if (stamp === 'missing') return refuse('stamp', 'no stamp in time', [deps.stamps.renew(cookie)]);
  const now = deps.clock.wall();
  const shown = deps.sessions.open(cookie, now);
  if (shown !== null && deps.isBanned?.(labelOf(shown.id)) === true)
    return refuse('banned', `session ${labelOf(shown.id)} is banned`);
  const grant = deps.logins?.granted(cookie, shown, now) ?? null;
  const here = deps.whereabouts.here(facts.prefix, view.headers);
  // A new login makes a session of here.
  const session = grant === null && staysBehind(policy.drift, shown, here) ? null : shown;
  const labelled = readCookie(cookie, BOUND_COOKIE) !== '';
  const stampWorn = client.stamp !== 'waive' && deps.stamps.isWorn(cookie);
  const load = client.stamp === 'waive' ? '' : deps.stamps.loadOf(cookie);
  const { origin } = facts;
  const chosen = chooseSession({ policy, logins: deps.logins, request, origin, session, grant });
  return whenKnown(chosen, (choice) => {
    if (choice.kind === 'refuse') {
      const cookies = choice.code === 'session-key' ? labelFor(deps, session, labelled, now) : [];
      return refuse(choice.code, choice.evidence, cookies);
    }
    const from = rememberedAt(policy.drift, choice, shown, here);
    const ids = { ticketId: deps.random(16), sessionId: newSessionId(deps.random) };
    const renewed = stampWorn ? deps.stamps.renew(cookie) : '';
    const attempt: Attempt = { request, facts, now, choice, labelled, renewed, userAgent, load, from, ...ids };
    return whenKnown(meet(deps, policy, attempt, view), (met) =>
      'kind' in met ? met : { ...met, attempt, claim: claimOf(attempt, policy, stamp) },
    );
  });
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
    // A page that shows less of its load opens fewer, and no second crowd beside the one of its neighbours.
    crowdWorth: policy.mint.perPrefix,
    mintsPerMinuteTotal: facts.unlimited === true ? UNLIMITED : policy.mint.total,
    entriesPerMinute: ENTRIES_PER_MINUTE,
  };
}
