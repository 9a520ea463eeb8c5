import { policyNeeds } from '../../guard/challenge-needs.ts';
import type { ChallengeProvidersConfig } from '../../guard/config-challenge-providers.ts';
import { refusedLoad } from './csp.ts';
import { type Finding, wrong } from './finding.ts';

export interface ChallengePage {
  /** Path of the page, for people. */
  readonly path: string;
  /** Its address. */
  readonly page: string;
  readonly nonce: string;
  /** Values of Content-Security-Policy. */
  readonly policies: readonly string[];
}

/** Whether a page lets in what the configured providers load; what it does not goes the other way, or nowhere. */
export function examineChallenges(providers: ChallengeProvidersConfig, asked: ChallengePage): Finding[] {
  return policyNeeds(providers).flatMap(({ kind, directive, address, sources }) => {
    const refused = refusedLoad(asked.policies, { directive, address }, asked);
    if (refused === '') return [];
    const fix = refused.includes("'strict-dynamic'")
      ? `put the page’s nonce into its Content-Security-Policy header, so that the script that loads ${address} carries it`
      : `add ${sources} to ${directive}`;
    return [wrong('csp', `${asked.path}: the page’s policy keeps ${kind} from ${address} (${refused})`, fix)];
  });
}
