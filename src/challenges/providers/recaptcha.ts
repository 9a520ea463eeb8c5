import { type AskParts, createAsk, textOf } from './ask.ts';
import { refused } from './outcome.ts';
import { judgeScore } from './score.ts';
import { siteverify } from './siteverify.ts';
import type { Verifier } from './verifier.ts';

export interface RecaptchaParts extends AskParts {
  readonly secret: string;
  /** Default Google's. */
  readonly address?: string;
}

const ADDRESS = 'https://www.google.com/recaptcha/api/siteverify';
/** Seconds, as documented. */
const LIFE = 120;

/** reCAPTCHA v3: nothing to click, and a score. Its tokens name the action; what binds the session is the gate's own challenge. */
export function createRecaptcha({ secret, address = ADDRESS, ...parts }: RecaptchaParts): Verifier {
  const ask = createAsk(parts);
  return async (token, expected, now) => {
    const form = { secret, response: token };
    const verified = await siteverify({ ask, address, form, life: LIFE, madeAt: false }, expected, now);
    if (verified.kind !== 'verified') return verified;
    if (textOf(verified.body['action']) !== expected.action) return refused('the token was made for another action');
    return judgeScore(verified.body['score'], expected.threshold);
  };
}
