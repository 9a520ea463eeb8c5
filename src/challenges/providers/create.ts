import { type ChallengeProvidersConfig, PROVIDER_SCRIPTS } from '../../guard/config-challenge-providers.ts';
import type { ChallengeKind } from '../../wire/challenge.ts';
import type { Asked, ChallengeProvider, Shown, Verified } from '../provider.ts';
import { actionOf } from './action.ts';
import type { Fetch } from './ask.ts';
import { createHCaptcha } from './hcaptcha.ts';
import type { Verification } from './outcome.ts';
import { createRecaptchaEnterprise } from './recaptcha-enterprise.ts';
import { createRecaptcha } from './recaptcha.ts';
import { createTurnstile } from './turnstile.ts';
import type { Verifier } from './verifier.ts';

export interface ProviderParts {
  readonly fetch: Fetch;
  /** Hears what the owner has to mend: a wrong key, a quota that is used up. */
  readonly onFault: (kind: ChallengeKind, reason: string) => void;
}

type Kind = keyof ChallengeProvidersConfig;

/** The providers that a configuration names. */
export function createProviders(config: ChallengeProvidersConfig, parts: ProviderParts): ChallengeProvider[] {
  return Object.entries(verifiersOf(config, parts.fetch)).map(([name, verifier]) => {
    // The keys are those of the object below.
    const kind = name as Kind;
    const { siteKey = '', script = PROVIDER_SCRIPTS[kind] } = config[kind] ?? {};
    return {
      kind,
      ask: ({ id, action }) => ({ siteKey, script, action: actionOf(action), binding: id }),
      verify: async (solution, asked, shown) => {
        const verification = await verifier(solution, expectedOf(asked, shown), shown.now);
        if (verification.kind === 'misconfigured') parts.onFault(kind, verification.reason);
        return toVerified(verification);
      },
    };
  });
}

function verifiersOf(config: ChallengeProvidersConfig, fetch: Fetch): { [kind in Kind]?: Verifier } {
  const { turnstile, hcaptcha, recaptcha, 'recaptcha-enterprise': enterprise } = config;
  const at = ({ verify }: { verify?: string }) => ({ fetch, ...(verify === undefined ? {} : { address: verify }) });
  return {
    ...(turnstile && { turnstile: createTurnstile({ ...turnstile, ...at(turnstile) }) }),
    ...(hcaptcha && { hcaptcha: createHCaptcha({ ...hcaptcha, ...at(hcaptcha) }) }),
    ...(recaptcha && { recaptcha: createRecaptcha({ ...recaptcha, ...at(recaptcha) }) }),
    ...(enterprise && { 'recaptcha-enterprise': createRecaptchaEnterprise({ ...enterprise, ...at(enterprise) }) }),
  };
}

const expectedOf = ({ id, action, issued, strength }: Asked, { hostname }: Shown) => ({
  action: actionOf(action),
  hostname,
  binding: id,
  issued,
  threshold: strength / 100,
});

/**
 * What is the owner's fault refuses too: a quota that visitors can use up must not open anything. They go the other
 * way meanwhile.
 */
function toVerified(verification: Verification): Verified {
  switch (verification.kind) {
    case 'passed':
      return { outcome: 'passed', note: verification.note };
    case 'refused':
    case 'misconfigured':
      return { outcome: 'refused', reason: verification.reason };
    case 'unreachable':
      return { outcome: 'unreachable', reason: verification.reason };
  }
}
