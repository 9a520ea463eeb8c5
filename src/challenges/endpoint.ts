import { type ChallengeDesk, pageHost } from '../guard/challenge.ts';
import type { Answer, Decision } from '../guard/decision.ts';
import type { Endpoint } from '../guard/endpoint.ts';
import type { Policy } from '../guard/policy.ts';
import { problemAnswer } from '../guard/problem.ts';
import type { Code } from '../wire/codes.ts';

/** Below the mount: where the page takes what `auto` asked for, once for all its calls. */
export const CHALLENGE_PATH = '/challenge';

export interface ChallengeEndpointParts {
  readonly desk: ChallengeDesk;
  readonly policy: () => Policy;
  readonly wall: () => number;
}

/**
 * Takes a solution that is good for the session, not for one call. Signed with the counter that it is bound to, which has been
 * used up when this is asked: a solution is looked at once.
 */
export function createChallengeEndpoint({ desk, policy, wall }: ChallengeEndpointParts): Endpoint {
  const refuse = (decision: Decision, code: Code, evidence: string): Answer => ({
    ...problemAnswer({ ...decision, code }, policy().mount, wall()),
    refused: { code, evidence },
  });
  return {
    method: 'GET',
    path: CHALLENGE_PATH,
    asks: 'proof',
    maxBody: 0,
    async answer({ request, decision }) {
      const { proof, prefix, authority } = decision;
      const text = request.headers.sallyportChallenge;
      const action = new URLSearchParams(request.query).get('for') ?? '';
      if (proof === null || policy().challenge === null) return refuse(decision, 'challenge', 'nobody is asked');
      const { ticket, nonce } = proof;
      const bond = { session: ticket.session, holder: ticket.id, counter: nonce, action };
      const brought = desk.open(text, bond);
      if (typeof brought === 'string') return refuse(decision, 'challenge', brought);
      const session = { place: ticket.sessionPlace, idHigh: ticket.sessionIdHigh, idLow: ticket.sessionIdLow };
      const passed = await desk.verify(brought, { session, prefix, hostname: pageHost(request, authority) });
      if (passed.outcome !== 'passed')
        return refuse(decision, passed.outcome === 'refused' ? 'challenge' : 'unsure', passed.reason);
      await desk.remember(brought, session);
      return { status: 204, fields: ['cache-control', 'no-store'], body: '' };
    },
  };
}
