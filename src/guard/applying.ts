import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { NO_RESERVES } from './budget.ts';
import { UnreachableError } from './errors.ts';
import type { TicketFacts } from './decision.ts';
import type { Ledger } from './ledger.ts';
import { reserve } from './reserving.ts';
import type { Claims, CommitCode, EndReason, State } from './state.ts';

/** What became of one record of claims. */
export type Applied = CommitCode | 'budget' | 'unsure' | 'faulty';

/** Commits one record of claims and then reserves its money. Never throws or rejects: what cannot be reached is `unsure`, what breaks `faulty`. */
export function applyClaims(state: State, ledger: Ledger | undefined, claims: Claims): Eventually<Applied> {
  try {
    const committed = state.commit(claims);
    const result =
      claims.reserves === NO_RESERVES
        ? committed
        : whenKnown<CommitCode, Applied>(committed, (code) => (code === '' ? reserve(ledger, claims) : code));
    return result instanceof Promise ? result.catch(wentWrong) : result;
  } catch (error) {
    return wentWrong(error);
  }
}

const wentWrong = (error: unknown): Applied => (error instanceof UnreachableError ? 'unsure' : 'faulty');

/** Why the session of a ticket was ended; '' where it was not, or nobody can say. */
export function whyEnded(state: State, ticket: TicketFacts, now: number): Eventually<EndReason | ''> {
  const session = { place: ticket.sessionPlace, idHigh: ticket.sessionIdHigh, idLow: ticket.sessionIdLow };
  try {
    const reason = state.endedBy(session, now);
    return reason instanceof Promise ? reason.catch(() => '' as const) : reason;
  } catch {
    return '';
  }
}
