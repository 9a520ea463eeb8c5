import { randomUUID } from 'node:crypto';
import { type AskParts, createAsk, textOf } from './ask.ts';
import { type Expected, refused, type Verification } from './outcome.ts';
import { siteverify } from './siteverify.ts';
import type { Verifier } from './verifier.ts';

export interface TurnstileParts extends AskParts {
  readonly secret: string;
  /** Default Cloudflare's. */
  readonly address?: string;
}

const ADDRESS = 'https://challenges.cloudflare.com/turnstile/v0/siteverify';
/** Seconds, as documented. */
const LIFE = 300;

/**
 * Cloudflare Turnstile. Action and challenge are part of the token (`action`, `cdata`), so that it passes for nothing
 * else. By the idempotency key a question whose answer was lost can be asked again.
 */
export function createTurnstile({ secret, address = ADDRESS, ...parts }: TurnstileParts): Verifier {
  const ask = createAsk(parts);
  return async (token, expected, now) => {
    const form = { secret, response: token, idempotency_key: randomUUID() };
    const asked = { ask, address, form, life: LIFE, madeAt: true, repeatable: true };
    const verified = await siteverify(asked, expected, now);
    return verified.kind === 'verified' ? bound(verified.body, expected) : verified;
  };
}

function bound(body: Readonly<Record<string, unknown>>, { action, binding }: Expected): Verification {
  if (textOf(body['action']) !== action) return refused('the token was made for another action');
  if (textOf(body['cdata']) !== binding) return refused('the token was made for another challenge');
  return { kind: 'passed', note: '' };
}
