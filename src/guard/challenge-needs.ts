import { type ChallengeProvidersConfig, PROVIDER_SCRIPTS } from './config-challenge-providers.ts';

/** One thing that a page's Content-Security-Policy has to let in for a provider's challenge. */
export interface PolicyNeed {
  readonly kind: keyof ChallengeProvidersConfig;
  readonly directive: 'script-src' | 'frame-src' | 'style-src' | 'connect-src';
  /** An address of the kind that is loaded. */
  readonly address: string;
  /** What the provider says to write. */
  readonly sources: string;
}

type Needs = readonly Omit<PolicyNeed, 'kind'>[];

const HCAPTCHA = 'https://hcaptcha.com https://*.hcaptcha.com';
const CLOUDFLARE = 'https://challenges.cloudflare.com';
const GOOGLE = 'https://www.google.com/recaptcha/';
const GSTATIC = 'https://www.gstatic.com/recaptcha/';

const google = (script: string): Needs => [
  { directive: 'script-src', address: script, sources: GOOGLE },
  { directive: 'script-src', address: `${GSTATIC}releases/`, sources: GSTATIC },
  {
    directive: 'frame-src',
    address: `${GOOGLE}api2/anchor`,
    sources: `${GOOGLE} https://recaptcha.google.com/recaptcha/`,
  },
];

/** As the providers document it. */
const DOCUMENTED: Readonly<Record<keyof ChallengeProvidersConfig, Needs>> = {
  turnstile: [
    { directive: 'script-src', address: PROVIDER_SCRIPTS.turnstile, sources: CLOUDFLARE },
    { directive: 'frame-src', address: `${CLOUDFLARE}/`, sources: CLOUDFLARE },
  ],
  hcaptcha: [
    { directive: 'script-src', address: PROVIDER_SCRIPTS.hcaptcha, sources: HCAPTCHA },
    { directive: 'frame-src', address: 'https://newassets.hcaptcha.com/', sources: HCAPTCHA },
    { directive: 'style-src', address: 'https://newassets.hcaptcha.com/', sources: HCAPTCHA },
    { directive: 'connect-src', address: 'https://api.hcaptcha.com/', sources: HCAPTCHA },
  ],
  recaptcha: google(PROVIDER_SCRIPTS.recaptcha),
  'recaptcha-enterprise': google(PROVIDER_SCRIPTS['recaptcha-enterprise']),
};

/** What pages have to let in for the providers that are configured; where a script is found elsewhere, it and its frames there. */
export function policyNeeds(providers: ChallengeProvidersConfig): PolicyNeed[] {
  // The names are those of the table, whatever else stands beside them.
  const kinds = Object.keys(DOCUMENTED) as (keyof ChallengeProvidersConfig)[];
  return kinds.flatMap((kind) => {
    const provider = providers[kind];
    if (provider === undefined) return [];
    const { script } = provider;
    if (script === undefined) return DOCUMENTED[kind].map((need) => ({ kind, ...need }));
    const sources = new URL(script).origin;
    return [
      { kind, directive: 'script-src', address: script, sources },
      { kind, directive: 'frame-src', address: `${sources}/`, sources },
    ];
  });
}
