import type { Claims, SessionRef } from '../../guard/state.ts';

/** Whom something is counted of: a session by number, anything else by name. '' is nobody. */
export type Payer = number | string;

export const NOBODY = '';

/** A session lies in one place at a time, and no two of one place share the lower half of their ids. */
export const sessionPayer = (place: number, idLow: number): number => place * 2 ** 32 + idLow;

/** The session of a request, or else the partner's account. */
export const callerOf = ({ sessionPlace, sessionIdLow, account }: Claims): Payer =>
  sessionPlace === 0 ? account : sessionPayer(sessionPlace, sessionIdLow);

export const payerFor = (session: SessionRef | null, account: string): Payer =>
  session === null ? account : sessionPayer(session.place, session.idLow);
