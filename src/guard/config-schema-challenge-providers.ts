import { endpoint } from './config-rules-login.ts';
import type { Rule } from './config-rules.ts';
import { fields, flag, optional, text } from './config-schema-parts.ts';

/** What providers call a key: one word. */
const key: Rule = (value) => (/^[\w:.-]{1,256}$/.test(value) ? '' : 'write the key as the provider shows it');

/** Keys that providers publish for tests: whoever comes passes. */
const TEST_SECRET = /^(?:[123]x0{31}AA|0x0{40}|6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe)$/;

const secret: Rule = (value) =>
  TEST_SECRET.test(value)
    ? 'this is the key that the provider publishes for tests, which says nothing about anybody; write your own'
    : key(value);

const secretOf = (name: string) => text(secret, `write the key, as in process.env.${name}`);

const addresses = { verify: optional(text(endpoint)), script: optional(text(endpoint)) };

/** The shape of {@link import('./config-challenge-providers.ts').ChallengeProvidersConfig}. */
export const challengeProviders = {
  turnstile: optional(fields({ siteKey: text(key), secret: secretOf('TURNSTILE_SECRET'), ...addresses })),
  hcaptcha: optional(fields({ siteKey: text(key), secret: secretOf('HCAPTCHA_SECRET'), ...addresses })),
  recaptcha: optional(
    fields({
      siteKey: text(key),
      secret: secretOf('RECAPTCHA_SECRET'),
      everyPage: optional(flag),
      ...addresses,
    }),
  ),
  'recaptcha-enterprise': optional(
    fields({
      siteKey: text(key),
      project: text(key),
      apiKey: secretOf('RECAPTCHA_API_KEY'),
      everyPage: optional(flag),
      ...addresses,
    }),
  ),
};
