import { SignJWT } from 'jose';
import type { KeyDesk, KeyOrder } from '../../guard/key-desk.ts';
import type { OpenGate } from './gates.ts';
import { OWN_PATH, OWN_TOKENS } from './settings.ts';

export type Given = OpenGate['given'];

/** Milliseconds that keys and tokens of a run live. */
const LIFE = 3_600_000;

/** Keys and tokens of the lab's own app, for one gate. No keys without a desk: no route takes any. */
export async function ownGiven(desk: KeyDesk | null, secret: string): Promise<Given> {
  const key = Buffer.from(secret);
  const sign = (change: object): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const { iss, aud, exp } = { iss: OWN_TOKENS.issuer, aud: OWN_TOKENS.audience, exp: now + LIFE / 1000, ...change };
    return new SignJWT({ sub: 'lab-person', iss, aud, exp }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(key);
  };
  return {
    ...(desk === null ? {} : { issued: await keysBy(desk) }),
    token: await sign({}),
    unfitTokens: [
      { what: 'expired', token: await sign({ exp: Math.floor(Date.now() / 1000) - 600 }) },
      { what: 'for another audience', token: await sign({ aud: 'another-app' }) },
      { what: 'of another issuer', token: await sign({ iss: 'another-issuer' }) },
    ],
  };
}

async function keysBy(desk: KeyDesk): Promise<NonNullable<Given['issued']>> {
  const order = (kind: KeyOrder['kind']): KeyOrder => ({
    account: 'lab',
    kind,
    publicKey: '',
    scopes: ['notes:read'],
    life: LIFE,
    notBefore: 0,
    quota: null,
    networks: [],
    thumbprint: '',
    note: 'for one run of the lab',
  });
  const bearer = await desk.issue(order('bearer'));
  const signing = await desk.issue(order('ed25519'));
  return { bearer: bearer.secret, signing: signing.secret, at: OWN_PATH };
}
