import type { WhereaboutsReader } from '../doors/whereabouts.ts';
import { addNote } from '../guard/context.ts';
import { PASS, type Refusal, refusal, type TicketFacts } from '../guard/decision.ts';
import { actionOn, BROWSER, type DriftAction, LANGUAGE, namesOf, NETWORK } from '../guard/drift.ts';
import type { Context, Layer } from '../guard/layer.ts';
import { shownTicket } from '../guard/shown-ticket.ts';

const HERE = 'an entry from this network, by this browser: the page makes it by itself';
const THERE = 'the network and browser of the session; here a new one begins';
const LOGIN = refusal('step-up', 'a login made from this network, by this browser');

/** What has to be made anew: the ticket, or where a cookie alone came, an entry at all. */
const TICKET = { entry: refusal('stale', HERE), refuse: refusal('stale', THERE) } as const;
const COOKIE = { entry: refusal('entry-required', HERE), refuse: refusal('entry-required', THERE) } as const;

/**
 * Has the session moved? Compares the network and the browser with those of the entry, which the ticket or else the
 * session cookie remembers. What is asked then is for policy: people move, and by default only who changes network and
 * browser at once is asked to enter again, which the page’s script does unseen.
 */
export function createDrift(whereabouts: WhereaboutsReader): Layer {
  return {
    name: 'drift',
    forRoute: (route, policy) => {
      if (route.level === 'open' || route.level === 'site') return null;
      const rule = policy.drift;
      // At the gate's own addresses people log in and out: nothing there waits for a login, or fails by a trial.
      const isOwn = route === policy.ownRoute;
      if (isOwn && !rule.enforced) return null;
      return (request, context) => {
        const ticket = shownTicket(context);
        const from = ticket === null ? context.cookieFrom : ticket.from;
        if (from === null || context.key !== null) return PASS;
        const changes = tellingOf(whereabouts.changes(from, context.prefix, request.headers), context);
        if (changes === 0) return PASS;
        const action = actionOn(rule, changes);
        const what = `${namesOf(changes)} changed since the entry`;
        if (action === 'note' || (isOwn && action === 'login')) {
          addNote(context, what);
          return PASS;
        }
        context.evidence = what;
        return asked(action, ticket, context);
      };
    },
  };
}

/** A page's calls may name a language of their own; nothing else that a browser sends is the page's to choose. */
function tellingOf(changes: number, { carrier }: Context): number {
  if ((changes & LANGUAGE) === 0 || carrier === 'call' || carrier === 'stream') return changes & (NETWORK | BROWSER);
  return changes | BROWSER;
}

/** Who has no login has none to make anew. */
function asked(action: Exclude<DriftAction, 'note'>, ticket: TicketFacts | null, { cookieLogin }: Context): Refusal {
  if (action === 'login' && (ticket === null ? cookieLogin : ticket.loginEpoch !== 0)) return LOGIN;
  return (ticket === null ? COOKIE : TICKET)[action === 'refuse' ? 'refuse' : 'entry'];
}
