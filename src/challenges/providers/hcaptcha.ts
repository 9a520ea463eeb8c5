import { type AskParts, createAsk } from './ask.ts';
import { siteverify } from './siteverify.ts';
import type { Verifier } from './verifier.ts';

export interface HCaptchaParts extends AskParts {
  readonly siteKey: string;
  readonly secret: string;
  /** Default hCaptcha's. */
  readonly address?: string;
}

const ADDRESS = 'https://api.hcaptcha.com/siteverify';
/** Seconds, as documented. */
const LIFE = 120;

/**
 * hCaptcha. Its tokens name neither action nor session: what binds them is that each is good once, for two minutes, and
 * comes with the gate's own challenge, which names both.
 */
export function createHCaptcha({ siteKey, secret, address = ADDRESS, ...parts }: HCaptchaParts): Verifier {
  const ask = createAsk(parts);
  return async (token, expected, now) => {
    const form = { secret, response: token, sitekey: siteKey };
    const verified = await siteverify({ ask, address, form, life: LIFE, madeAt: false }, expected, now);
    return verified.kind === 'verified' ? { kind: 'passed', note: '' } : verified;
  };
}
