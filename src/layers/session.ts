import type { OpenSession, SessionCookies } from '../doors/session-cookie.ts';
import { clientBit } from '../guard/client-bits.ts';
import { PASS, type Refusal, refusal, type TicketFacts } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { shownTicket } from '../guard/shown-ticket.ts';

const ENTRY = refusal('entry-required', 'the cookie of a session whose page has entered, or a proof');
const CHANGED = refusal('login-changed', 'a page that was loaded since somebody logged in');
const LOGGED_OUT = refusal('login-required', 'a page that was loaded since its login ended, or a new login');
const MISMATCH = refusal('session-mismatch', 'ticket and session cookie of one session');

/** A page whose browser has another login by now must not enter again by itself and go on as somebody else. */
function mismatch({ loginEpoch }: TicketFacts, { login }: OpenSession): Refusal {
  if (loginEpoch === login) return MISMATCH;
  return login === 0 ? LOGGED_OUT : CHANGED;
}

/**
 * Which browser session is this? Comes after the proof, so that what a request only claims to carry counts for
 * nothing here: without a proof that held, a `session` route needs the cookie, and the commit has to find that a page of
 * it entered recently, and that one has entered as the route's client. With both, they have to agree.
 */
export function createSession(cookies: SessionCookies): Layer {
  return {
    name: 'session',
    forRoute: (route, policy) => {
      if (route.level === 'open' || route.level === 'site') return null;
      const suffices = route.level === 'session';
      const within = policy.session.recent * 1000;
      const client = clientBit(policy, route.client.name);
      return (request, context) => {
        if (context.key !== null) return PASS;
        const opened = request.headers.cookie === '' ? null : cookies.open(request.headers.cookie, context.now);
        if (opened !== null) {
          context.cookieSession = opened.id;
          context.cookieLogin = opened.login !== 0;
          context.cookieCreated = opened.created;
        }
        const ticket = shownTicket(context);
        if (ticket !== null) return opened === null || opened.id === ticket.session ? PASS : mismatch(ticket, opened);
        if (!suffices) return PASS;
        if (opened === null) return ENTRY;
        context.level = 'session';
        context.session = opened;
        context.cookieFrom = opened.from;
        context.claims.sessionPlace = opened.place;
        context.claims.sessionIdHigh = opened.idHigh;
        context.claims.sessionIdLow = opened.idLow;
        context.claims.entryWithin = within;
        context.claims.sessionClient = client;
        return PASS;
      };
    },
    /** For the record alone: whose request a layer before this one has refused. Nothing is opened for a flood. */
    observe(request, context, refused) {
      if (refused === null || refused.code === 'limit' || context.ticket !== null || context.cookieSession !== '')
        return;
      const { cookie } = request.headers;
      context.cookieSession = (cookie === '' ? null : cookies.open(cookie, context.now))?.id ?? '';
    },
  };
}
