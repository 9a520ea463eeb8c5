import type { Decision } from '../guard/decision.ts';
import type { RequestView } from '../guard/view.ts';
import { familyOf } from '../lib/agent.ts';

/** What programs sent to one route, in the way of webhooks and payment callbacks. */
export interface MachineCalls {
  readonly requests: number;
  /** Networks that they came from; eight at most are told apart. */
  readonly networks: readonly string[];
  /** Field by which their sender signs them; '' where none looks like one. */
  readonly signedBy: string;
}

export const NO_MACHINES: MachineCalls = Object.freeze({ requests: 0, networks: Object.freeze([]), signedBy: '' });

const MOST_NETWORKS = 8;
/** Fields of our own and of RFC 9421 are no sender's. */
const SIGNATURE = /^(?!signature(?:-input|-agent)?$).{0,40}(?:signature|hmac|transmission-sig)/;
const SENT: ReadonlySet<string> = new Set(['POST', 'PUT']);

/** The same, with one more that the backend took, if it was a program's: nothing of a browser, and of nobody that the gate knows. */
export function withMachine(
  known: MachineCalls,
  { key, subject, session, prefix }: Decision,
  view: RequestView,
): MachineCalls {
  const { cookie, origin, referer, secFetchSite, userAgent } = view.headers;
  const isKnown = key !== null || subject !== null || session !== '' || cookie !== '';
  const isPages = origin !== '' || referer !== '' || secFetchSite !== '' || familyOf(userAgent) !== 'program';
  if (isKnown || isPages || !SENT.has(view.method)) return known;
  return {
    requests: known.requests + 1,
    networks: bothNetworks(known.networks, [prefix]),
    signedBy: known.signedBy || signatureIn(view.fields),
  };
}

export const joinMachines = (one: MachineCalls, other: MachineCalls): MachineCalls => ({
  requests: one.requests + other.requests,
  networks: bothNetworks(one.networks, other.networks),
  signedBy: one.signedBy || other.signedBy,
});

const bothNetworks = (one: readonly string[], other: readonly string[]): string[] =>
  [...new Set([...one, ...other])].slice(0, MOST_NETWORKS);

function signatureIn(fields: readonly string[]): string {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]?.toLowerCase() ?? '';
    if (SIGNATURE.test(name)) return name.slice(0, 64);
  }
  return '';
}
