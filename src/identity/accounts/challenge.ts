import { createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../../doors/random.ts';
import { equalConstantTime } from '../../lib/bytes.ts';

/**
 * Challenges for passkeys (WebAuthn Level 3 §13.4.3): random, bound to what they are for, the session and the origin by
 * a MAC of their own. Handing one out keeps nothing; one that was answered well is kept as used.
 */
export interface Challenges {
  issue(binding: ChallengeBinding): Buffer;
  /** Whether a challenge, base64url, is one of these and in time. */
  isGood(challenge: string, binding: ChallengeBinding): boolean;
}

export interface ChallengeBinding {
  readonly what: 'login' | 'register';
  /** Session id. */
  readonly session: string;
  readonly origin: string;
}

export const CHALLENGE_MS = 300_000;
const RANDOM_BYTES = 16;
const MAC_AT = RANDOM_BYTES + 4;
const LENGTH = MAC_AT + 32;

export function createChallenges(secret: string, wall: () => number, random: Random): Challenges {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'sallyport/1 passkey challenges', 32));
  const macOf = (head: Uint8Array, { what, session, origin }: ChallengeBinding): Buffer =>
    createHmac('sha256', key).update(head).update(`${what}\0${session}\0${origin}`).digest();
  return {
    issue(binding) {
      const head = Buffer.concat([random(RANDOM_BYTES), Buffer.alloc(4)]);
      head.writeUInt32BE(Math.floor(wall() / 1000), RANDOM_BYTES);
      return Buffer.concat([head, macOf(head, binding)]);
    },
    isGood(challenge, binding) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== LENGTH) return false;
      const head = bytes.subarray(0, MAC_AT);
      if (!equalConstantTime(bytes.subarray(MAC_AT), macOf(head, binding))) return false;
      return Math.abs(wall() - head.readUInt32BE(RANDOM_BYTES) * 1000) < CHALLENGE_MS;
    },
  };
}
