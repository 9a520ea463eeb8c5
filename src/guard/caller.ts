import type { Context } from './layer.ts';
import { shownTicket } from './shown-ticket.ts';
import type { SessionRef } from './state.ts';
import { NOT_USED, newUseResult } from './use.ts';

/**
 * Claims in the name of the session that was verified, or of a partner's account: what rules of use count by. Once for all
 * layers that ask for it: they come after whatever says who is calling.
 */
export function claimCaller(context: Context): void {
  const { claims, key } = context;
  if (claims.used !== NOT_USED) return;
  claims.used = newUseResult();
  if (key !== null) claims.account = key.account;
  const session = sessionOf(context);
  if (session === null) return;
  claims.sessionPlace = session.place;
  claims.sessionIdHigh = session.idHigh;
  claims.sessionIdLow = session.idLow;
}

/** Of the proof, or else of the cookie. */
export function sessionOf(context: Context): SessionRef | null {
  const ticket = shownTicket(context);
  if (ticket === null) return context.session;
  return { place: ticket.sessionPlace, idHigh: ticket.sessionIdHigh, idLow: ticket.sessionIdLow };
}
