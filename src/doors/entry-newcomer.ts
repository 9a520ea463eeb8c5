import type { Brought } from '../guard/challenge.ts';
import type { Policy } from '../guard/policy.ts';
import type { SessionRef } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { EntryDeps, Refused } from './entry.ts';
import { askNewcomer, asksNewcomers, letNewcomer, type Newcomer } from './entry-challenge.ts';
import type { Attempt } from './entry-claim.ts';
import { refuse, shut } from './entry-refusal.ts';
import type { OpenSession } from './session-cookie.ts';

/** What is found about whoever enters. */
export interface Met {
  /** Whether a new session comes of it that its network has to have room for. */
  readonly isNew: boolean;
  /** The solution that is still to be looked at; null where none was asked for. */
  readonly brought: Brought | null;
}

const KNOWN: Met = Object.freeze({ isNew: false, brought: null });

/** Whoever would open a new session may be kept out, or asked for a challenge. */
export function meet(deps: EntryDeps, policy: Policy, attempt: Attempt, view: RequestView): Eventually<Met | Refused> {
  return whenKnown(opensSession(deps, policy, attempt), (opens): Met | Refused => {
    if (!opens) return KNOWN;
    const { prefix, unlimited } = attempt.facts;
    if (deps.isClosed?.(prefix) === true)
      return refuse('banned', 'a rule lets nobody open a new session from this network for a while');
    if (unlimited === true) return KNOWN;
    const asked = deps.challenges ? askNewcomer(deps.challenges, policy, newcomerOf(attempt, view)) : null;
    return asked !== null && 'code' in asked ? shut(asked) : { isNew: true, brought: asked };
  });
}

/**
 * Whether a new session comes of it: without a cookie, and with one whose session was ended, or may have been. That is asked for
 * only where it makes a difference.
 */
function opensSession(deps: EntryDeps, policy: Policy, { choice, facts, now }: Attempt): Eventually<boolean> {
  const before = choice.resume ?? choice.replaces;
  if (before === null) return true;
  const { prefix } = facts;
  const matters =
    (deps.challenges != null && asksNewcomers(policy)) ||
    deps.isClosed?.(prefix) === true ||
    deps.room?.isWaiting(prefix) === true;
  if (!matters) return false;
  const session = refOf(before);
  if (deps.state.mayHaveEnded?.(session, now) === true) return true;
  return whenKnown(deps.state.endedBy(session, now), (reason) => reason !== '');
}

export const refOf = ({ place, idHigh, idLow }: OpenSession): SessionRef => ({ place, idHigh, idLow });

/** Looks at the solution, where one was brought; null where nothing speaks against a new session. */
export function letIn(
  { challenges, state, clock }: EntryDeps,
  { attempt, brought }: Met & { readonly attempt: Attempt },
  view: RequestView,
): Eventually<Refused | null> {
  if (brought === null) return null;
  if (!challenges) return refuse('unsure', 'nobody looks at solutions here');
  const refused = letNewcomer(challenges, state, brought, newcomerOf(attempt, view), clock.wall());
  return refused.then((refusal) => refusal && shut(refusal));
}

const newcomerOf = ({ request, facts }: Attempt, view: RequestView): Newcomer => ({
  view,
  key: request.key,
  solution: request.challenge,
  authority: facts.authority,
  prefix: facts.prefix,
});
