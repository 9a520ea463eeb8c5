import type { Context } from '../../guard/layer.ts';
import { shownTicket } from '../../guard/shown-ticket.ts';
import { sessionRef, type State } from '../../guard/state.ts';
import { type Eventually, whenKnown } from '../../lib/eventually.ts';
import { createGenerations } from '../../lib/generations.ts';

/**
 * Which session a token belongs to: the first that shows it, for as long as that session lives. So a token that was
 * read somewhere is worth nothing in a session of the reader's own, and at level `proof` nothing at all.
 */
export interface Owners {
  /** Whether the session of this request may show the token. Without a session (levels `open`, `site`) any may. */
  admits(token: string, context: Context): Eventually<boolean>;
}

interface Owner {
  /** Session id, base64url. */
  session: string;
  /** Milliseconds since 1970. */
  since: number;
  seen: number;
}

/** Tokens of one generation: the least that are remembered. */
const REMEMBERED = 65_536;

export function createOwners(state: Pick<State, 'endedBy'>, remembered = REMEMBERED): Owners {
  const owners = createGenerations<Owner>(remembered);

  function lives({ session, since, seen }: Owner, { now, policy }: Context): Eventually<boolean> {
    if (now - seen > policy.session.idle * 1000 || now - since > policy.session.max * 1000) return false;
    return whenKnown(state.endedBy(sessionRef(session), now), (reason) => reason === '');
  }

  /** Sessions without a cookie end with their page: what belonged to one would be nobody's after a reload. */
  function take(token: string, session: string, { now, cookieSession }: Context): true {
    if (cookieSession !== '') owners.set(token, { session, since: now, seen: now });
    return true;
  }

  return {
    admits(token, context) {
      const session = shownTicket(context)?.session ?? context.cookieSession;
      if (session === '') return true;
      const owner = owners.get(token);
      if (owner === undefined) return take(token, session, context);
      if (owner.session === session) {
        owner.seen = context.now;
        return true;
      }
      return whenKnown(lives(owner, context), (alive) => (alive ? false : take(token, session, context)));
    },
  };
}
