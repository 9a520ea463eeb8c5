/** Providers of challenges: part of {@link import('./config.ts').Config}. None is asked unless it stands here. */
export interface ChallengeProvidersConfig {
  turnstile?: SiteverifyConfig;
  hcaptcha?: SiteverifyConfig;
  /** Version 3. */
  recaptcha?: RecaptchaConfig;
  'recaptcha-enterprise'?: RecaptchaEnterpriseConfig;
}

/** Where a provider is found, should that not be where it says itself. */
export interface ProviderAddresses {
  /** Address that the gate asks about tokens; https, http on loopback only. Default the provider's. */
  verify?: string;
  /** Address of the script that pages load; https, http on loopback only. Default the provider's. */
  script?: string;
}

export interface SiteverifyConfig extends ProviderAddresses {
  /** Public, made by the provider. */
  siteKey: string;
  /** From the environment: `process.env.TURNSTILE_SECRET`. */
  secret: string;
}

export interface ScoreConfig extends ProviderAddresses {
  /** Public, made by the provider. */
  siteKey: string;
  /** Whether every page loads the script, and not only one that is asked for a score. Default false. */
  everyPage?: boolean;
}

export interface RecaptchaConfig extends ScoreConfig {
  /** From the environment: `process.env.RECAPTCHA_SECRET`. */
  secret: string;
}

export interface RecaptchaEnterpriseConfig extends ScoreConfig {
  /** Id of the Google Cloud project. */
  project: string;
  /** From the environment: `process.env.RECAPTCHA_API_KEY`. */
  apiKey: string;
}

/** The providers' own scripts. */
export const PROVIDER_SCRIPTS = {
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/api.js',
  hcaptcha: 'https://js.hcaptcha.com/1/api.js',
  recaptcha: 'https://www.google.com/recaptcha/api.js',
  'recaptcha-enterprise': 'https://www.google.com/recaptcha/enterprise.js',
} as const satisfies Readonly<Record<keyof ChallengeProvidersConfig, string>>;
