import type { SessionCookies } from '../doors/session-cookie.ts';
import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';
import { showsProof } from './proof.ts';

const ENTRY = refusal('entry-required', 'the cookie of a session whose page has entered, or a proof');

/**
 * Which browser session is this? Opens the session cookie; on `session` routes without a proof the cookie has to be
 * there, and the commit has to find that its page entered recently.
 */
export function createSession(cookies: SessionCookies): Layer {
  return {
    name: 'session',
    forRoute: (route, policy) => {
      if (route.level === 'open' || route.level === 'site') return null;
      const suffices = route.level === 'session';
      const within = policy.session.recent * 1000;
      return (request, context) => {
        const opened = request.headers.cookie === '' ? null : cookies.open(request.headers.cookie, context.now);
        if (opened !== null) context.cookieSession = opened.id;
        if (!suffices || showsProof(request, context)) return PASS;
        if (opened === null) return ENTRY;
        context.level = 'session';
        context.claims.sessionPlace = opened.place;
        context.claims.sessionIdHigh = opened.idHigh;
        context.claims.sessionIdLow = opened.idLow;
        context.claims.entryWithin = within;
        return PASS;
      };
    },
  };
}
