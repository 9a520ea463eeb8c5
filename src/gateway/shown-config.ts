import type { Config } from '../guard/config.ts';
import type { ChallengeConfig } from '../guard/config-challenge.ts';
import type { LoginConfig } from '../guard/config-login.ts';
import { shownUrl } from '../guard/records-url.ts';
import { shownStateUrl } from '../guard/state-url.ts';

/**
 * A configuration as administration shows it: without passwords of databases, the webhook's address and the keys at
 * providers of challenges, and of logins only who may vouch.
 */
export function shownConfig({ records, state, login, challenge, alerts: _alerts, ...config }: Config): Config {
  return {
    ...config,
    ...(records === undefined ? {} : { records: shownUrl(records) }),
    ...(state === undefined ? {} : { state: shownStateUrl(state) }),
    ...(login === undefined ? {} : { login: shownLogin(login) }),
    ...(challenge === undefined ? {} : { challenge: shownChallenge(challenge) }),
  };
}

/** An empty one says that there are other ways: the app's own code. */
function shownLogin({ accounts, providers, jwt }: LoginConfig): LoginConfig {
  const names = Object.entries(providers ?? {}).map(([name, { issuer, clientId }]) => [name, { issuer, clientId }]);
  const issuers = [jwt ?? []].flat().map(({ issuer, audience }) => ({ issuer, audience }));
  return {
    ...(accounts === undefined ? {} : { accounts: true }),
    ...(names.length === 0 ? {} : { providers: Object.fromEntries(names) }),
    ...(issuers.length === 0 ? {} : { jwt: issuers }),
  };
}

/** Site keys are public: every page that is asked has them. */
function shownChallenge({
  turnstile,
  hcaptcha,
  recaptcha,
  'recaptcha-enterprise': enterprise,
  ...rest
}: ChallengeConfig): ChallengeConfig {
  return {
    ...rest,
    ...(turnstile && { turnstile: { ...turnstile, secret: HIDDEN } }),
    ...(hcaptcha && { hcaptcha: { ...hcaptcha, secret: HIDDEN } }),
    ...(recaptcha && { recaptcha: { ...recaptcha, secret: HIDDEN } }),
    ...(enterprise && { 'recaptcha-enterprise': { ...enterprise, apiKey: HIDDEN } }),
  };
}

const HIDDEN = 'not shown';
