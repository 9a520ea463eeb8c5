import type { Random } from '../doors/random.ts';
import type { KeyRing } from '../doors/seal.ts';
import type { ChallengeDesk, RiskBook } from '../guard/challenge.ts';
import type { Config } from '../guard/config.ts';
import type { Endpoint } from '../guard/endpoint.ts';
import type { Policy } from '../guard/policy.ts';
import type { State } from '../guard/state.ts';
import type { Clock } from '../lib/clock.ts';
import type { ChallengeKind } from '../wire/challenge.ts';
import { createDesk } from './desk.ts';
import { createChallengeEndpoint } from './endpoint.ts';
import { createLoad } from './load.ts';
import { createProofOfWork } from './proof-of-work.ts';
import { createProviders } from './providers/create.ts';
import { createRiskBook } from './risk.ts';
import { createWait } from './wait.ts';

export interface ChallengesParts {
  readonly ring: KeyRing;
  readonly random: Random;
  readonly clock: Clock;
  readonly state: State;
  /** At the start: providers are those that stand here. */
  readonly config: Config;
  readonly policy: () => Policy;
  readonly fetch: typeof fetch;
  /** How busy this process is, 0 to 1. Default: as its event loop says. */
  readonly load?: () => number;
  /** Hears what the owner of a provider's account has to mend. */
  readonly onFault?: (kind: ChallengeKind, reason: string) => void;
}

export interface Challenges {
  readonly desk: ChallengeDesk;
  readonly risk: RiskBook;
  readonly endpoint: Endpoint;
}

/** All that challenges need. */
export function createChallenges(parts: ChallengesParts): Challenges {
  const { ring, random, clock, state, config, policy, load = createLoad(), onFault = () => {} } = parts;
  const { wall, monotonic } = clock;
  const providers = createProviders(config.challenge ?? {}, { fetch: parts.fetch, onFault });
  const work = createProofOfWork(() => policy().challenge?.cost ?? 1);
  const desk = createDesk({
    ring,
    random,
    wall,
    state,
    policy: () => policy().challenge,
    providers: [...providers, work, createWait(state)],
  });
  return { desk, risk: createRiskBook({ monotonic, load }), endpoint: createChallengeEndpoint({ desk, policy, wall }) };
}
