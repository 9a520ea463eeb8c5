import type { BehaviourWatch } from '../guard/behaviour.ts';
import type { Endpoint } from '../guard/endpoint.ts';
import { INTERACTION_BYTES, INTERACTION_PATH, parseInteraction } from '../wire/interaction.ts';

/**
 * `POST {mount}/interaction`: what a page tells of how it is used by hand, signed as its calls are. 204; 400 for what is none, 404
 * where policy does not ask for it.
 */
export function createInteractionEndpoint(watch: BehaviourWatch | null, isAsked: () => boolean): Endpoint {
  return {
    method: 'POST',
    path: INTERACTION_PATH,
    asks: 'proof',
    maxBody: INTERACTION_BYTES,
    answer({ body, decision }) {
      if (watch === null || !isAsked()) return said(404, 'Nothing here.\n');
      const told = parseInteraction(body);
      if (told === null || decision.proof === null) return said(400, 'No summary of this kind.\n');
      watch.handled(decision.proof.ticket, told);
      return { status: 204, fields: COMMON, body: '' };
    },
  };
}

const COMMON = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];

const said = (status: number, body: string) => ({
  status,
  fields: ['content-type', 'text/plain; charset=utf-8', ...COMMON],
  body,
});
