import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { SallyportError } from '../../guard/errors.ts';
import type { Passkey } from './directory/passkey-store.ts';

/** What a browser answers, unchecked: the library reads it member by member and throws at whatever does not fit. */
export type Unchecked = Readonly<Record<string, unknown>>;

/**
 * ES256, EdDSA, RS256 (COSE numbers): what authenticators have and this Node verifies without experimental parts.
 */
const ALGORITHMS = [-7, -8, -257];

export interface Expected {
  /** Whether this is the challenge, base64url. */
  readonly isChallenge: (challenge: string) => boolean;
  readonly origin: string;
}

/** Loaded with the first passkey: most logins do without. */
async function library() {
  try {
    return await import('@simplewebauthn/server');
  } catch (cause) {
    throw new SallyportError(
      'config',
      'passkeys need @simplewebauthn/server: run `npm install @simplewebauthn/server`',
      {
        cause,
      },
    );
  }
}

const rpIdOf = (origin: string): string => new URL(origin).hostname;

export async function loginOptions(origin: string, challenge: Uint8Array): Promise<object> {
  const { generateAuthenticationOptions } = await library();
  // No list of credentials: it would tell who has an account. The authenticator knows which are for this place.
  return generateAuthenticationOptions({
    rpID: rpIdOf(origin),
    challenge: Uint8Array.from(challenge),
    userVerification: 'required',
  });
}

export async function registerOptions(
  origin: string,
  challenge: Uint8Array,
  user: { readonly id: string; readonly name: string },
  known: readonly Passkey[],
): Promise<object> {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    rpName: rpIdOf(origin),
    rpID: rpIdOf(origin),
    userID: new TextEncoder().encode(user.id),
    userName: user.name,
    userDisplayName: user.name,
    challenge: Uint8Array.from(challenge),
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: known.map(({ credential }) => ({ id: credential })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
}

/** The new credential; null for whatever does not hold. */
export async function readRegistration(
  response: Unchecked,
  { isChallenge, origin }: Expected,
): Promise<Pick<Passkey, 'credential' | 'publicKey' | 'counter' | 'transports'> | null> {
  const { verifyRegistrationResponse } = await library();
  const verified = await verifyRegistrationResponse({
    response: response as unknown as RegistrationResponseJSON,
    expectedChallenge: isChallenge,
    expectedOrigin: origin,
    expectedRPID: rpIdOf(origin),
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(() => null);
  if (verified === null || !verified.verified) return null;
  const { id, publicKey, counter, transports = [] } = verified.registrationInfo.credential;
  if (id.length > 1400) return null;
  const plain = transports.filter((each) => /^[a-z-]{1,20}$/.test(each)).slice(0, 8);
  return {
    credential: id,
    publicKey: Buffer.from(publicKey).toString('base64url'),
    counter,
    transports: JSON.stringify(plain),
  };
}

/** The counter that the authenticator says; null where the answer does not hold. */
export async function readLogin(
  response: Unchecked,
  { isChallenge, origin }: Expected,
  passkey: Passkey,
): Promise<number | null> {
  const { verifyAuthenticationResponse } = await library();
  const verified = await verifyAuthenticationResponse({
    response: response as unknown as AuthenticationResponseJSON,
    expectedChallenge: isChallenge,
    expectedOrigin: origin,
    expectedRPID: rpIdOf(origin),
    requireUserVerification: true,
    credential: {
      id: passkey.credential,
      publicKey: Uint8Array.from(Buffer.from(passkey.publicKey, 'base64url')),
      counter: passkey.counter,
    },
  }).catch(() => null);
  return verified?.verified === true ? verified.authenticationInfo.newCounter : null;
}

/** The challenge that a response says it answers, as it stands in clientDataJSON; '' for none. */
export function challengeOf(response: Unchecked): string {
  const inner = response['response'];
  if (typeof inner !== 'object' || inner === null || !('clientDataJSON' in inner)) return '';
  if (typeof inner.clientDataJSON !== 'string' || inner.clientDataJSON.length > 4096) return '';
  try {
    const data: unknown = JSON.parse(Buffer.from(inner.clientDataJSON, 'base64url').toString());
    return typeof data === 'object' && data !== null && 'challenge' in data ? String(data.challenge) : '';
  } catch {
    return '';
  }
}

/** base64url of the user handle that a response names; '' for none. */
export function userHandleOf(response: Unchecked): string {
  const inner = response['response'];
  if (typeof inner !== 'object' || inner === null || !('userHandle' in inner)) return '';
  return typeof inner.userHandle === 'string' ? inner.userHandle : '';
}
