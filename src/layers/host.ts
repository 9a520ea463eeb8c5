import { PASS, refusal } from '../guard/decision.ts';
import type { Layer } from '../guard/layer.ts';

const HOST = refusal('host', 'the public name, a loopback name, or one listed under `hosts`');

/**
 * Answers only for listed authorities: a name that an attacker points at this address (DNS rebinding) would
 * otherwise make his page our own origin.
 */
export const host: Layer = {
  name: 'host',
  preflight: true,
  forRoute: (_route, policy) => (request, context) => {
    if (request.repeated.length > 0 && request.repeated.includes('host')) return HOST;
    if (policy.authorities.has(context.authority)) return PASS;
    context.evidence = `Host ${JSON.stringify(context.authority.slice(0, 100))} is not listed`;
    return HOST;
  },
};
