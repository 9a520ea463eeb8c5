import type { Code } from '../wire/codes.ts';
import type { Refused } from './entry.ts';
import type { DoorRefusal } from './entry-challenge.ts';

/**
 * @param evidence for the record
 * @param cookies `Set-Cookie` values that go with the refusal
 * @param retryAfter seconds, 0 for none
 */
export function refuse(code: Code, evidence: string, cookies: readonly string[] = [], retryAfter = 0): Refused {
  return { kind: 'refuse', code, cookies, retryAfter, evidence };
}

/** The door stays shut for now: for a challenge that is still to be done, or could not be looked at. */
export const shut = ({ code, evidence, challenge }: DoorRefusal): Refused => ({
  ...refuse(code, evidence),
  ...(challenge !== null && { challenge }),
});
