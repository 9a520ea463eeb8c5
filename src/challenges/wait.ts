import { noClaims } from '../guard/context.ts';
import type { State } from '../guard/state.ts';
import { type LimitRule, newUseResult, ruleNumber, type UseRules } from '../guard/use.ts';
import type { LimitScope } from '../guard/config-use.ts';
import type { ChallengeProvider } from './provider.ts';

/**
 * In place of work, for browsers that have to save (`Save-Data: on`): they wait. Anybody can say that they save, and waiting
 * costs a program nothing, so what is waited for is scarce: so few pass in this way from one session, one network and in all that
 * whoever wants more is better off working. test/layers/challenge.test.ts has a farm try it.
 */

/** Seconds that the weakest challenge is worth; each stronger one twice as many. */
const SECONDS = 5;
/** The browser's clock may run a little fast. */
const SLACK_MS = 500;

const limitOf = (scope: LimitScope, perMinute: number, burst: number): LimitRule => {
  const name = `challenge: wait, ${perMinute}/minute per ${scope}`;
  const interval = 60_000 / perMinute;
  return { number: ruleNumber(name), name, scope, interval, depth: burst * interval, wait: 0 };
};

/** How many may pass by waiting. */
export const WAITERS: UseRules = Object.freeze({
  limits: [limitOf('session', 2, 1), limitOf('prefix', 10, 10), limitOf('total', 300, 100)],
  concurrent: [],
});

export function createWait(state: State): ChallengeProvider {
  return {
    kind: 'wait',
    ask: ({ strength }) => ({ seconds: SECONDS * 2 ** strength }),
    async verify(_solution, { strength, issued }, { now, session, prefix }) {
      if (now - issued < SECONDS * 2 ** strength * 1000 - SLACK_MS) return { outcome: 'refused', reason: 'too early' };
      const claims = { ...noClaims(now), use: WAITERS, prefix, mayWait: false, used: newUseResult() };
      if (session !== null) {
        claims.sessionPlace = session.place;
        claims.sessionIdHigh = session.idHigh;
        claims.sessionIdLow = session.idLow;
      }
      const code = await state.commit(claims);
      if (code === '') return { outcome: 'passed', note: 'waited' };
      return { outcome: 'refused', reason: `too many wait: ${claims.used.refusedBy?.name ?? code}` };
    },
  };
}
