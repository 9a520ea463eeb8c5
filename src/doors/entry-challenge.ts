import { applyClaims } from '../guard/applying.ts';
import { type Brought, type ChallengeDesk, type Passed, pageHost, type RiskBook } from '../guard/challenge.ts';
import { noClaims } from '../guard/context.ts';
import type { Policy } from '../guard/policy.ts';
import type { State } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import type { ChallengeMember } from '../wire/challenge.ts';
import type { Code } from '../wire/codes.ts';

/** The challenge that a new session is asked for at the second door, where policy asks for one. */
export interface DoorChallenges {
  readonly desk: ChallengeDesk;
  readonly risk: RiskBook;
}

/** Why the door stays shut. */
export interface DoorRefusal {
  readonly code: Extract<Code, 'challenge' | 'unsure'>;
  readonly evidence: string;
  readonly challenge: ChallengeMember | null;
}

/** Whoever would open a session. */
export interface Newcomer {
  readonly view: RequestView;
  /** The page's key, to which the challenge is bound: what opens is for this page alone. */
  readonly key: Uint8Array;
  /** What the entry request brings; '' for nothing. */
  readonly solution: string;
  readonly authority: string;
  readonly prefix: string;
}

/** Whether anything may be asked of newcomers. */
export const asksNewcomers = ({ challenge }: Policy): boolean => challenge !== null && challenge.door.when !== 'never';

/** What is asked of a newcomer: nothing (null), a challenge, or that what they bring is looked at. Costs a seal at most. */
export function askNewcomer(
  { desk, risk }: DoorChallenges,
  { challenge }: Policy,
  { view, key, solution }: Newcomer,
): DoorRefusal | Brought | null {
  if (challenge === null || challenge.door.when === 'never') return null;
  const { strength, reasons } = risk.atDoor();
  const { when, way } = challenge.door;
  if (when === 'auto' && strength < 0) return null;
  const bond = { session: '', holder: Buffer.from(key).toString('base64url'), counter: 0, action: 'enter' };
  const brought = solution === '' ? reasons : desk.open(solution, bond);
  if (typeof brought === 'object') return brought;
  const asked = way.kind === 'proof-of-work' ? { ...way, strength: Math.max(strength, 0) } : way;
  const saving = view.headers.saveData.toLowerCase() === 'on';
  return { code: 'challenge', evidence: brought, challenge: desk.ask(asked, bond, { shared: false, saving }) };
}

/**
 * Whether the solution is one, for the first time; null where it is. There is no session yet with whose counter it could be used
 * up, so its id is, whatever comes of the entry: of a proof of work once it is solved, so that a flood of what is none fills
 * nothing; of what somebody else is asked about before they are.
 */
export async function letNewcomer(
  { desk }: DoorChallenges,
  state: State,
  brought: Brought,
  { view, authority, prefix }: Newcomer,
  now: number,
): Promise<DoorRefusal | null> {
  const by = { session: null, prefix, hostname: pageHost(view, authority) };
  const looks = async (): Promise<DoorRefusal | null> => failed(brought, await desk.verify(brought, by));
  const uses = async (): Promise<DoorRefusal | null> => useUp(state, brought.id, now);
  return brought.way.kind === 'proof-of-work' ? ((await looks()) ?? uses()) : ((await uses()) ?? looks());
}

function failed({ way }: Brought, passed: Passed): DoorRefusal | null {
  if (passed.outcome === 'passed') return null;
  const code = passed.outcome === 'refused' ? 'challenge' : 'unsure';
  return { code, evidence: `${way.kind}: ${passed.reason}`, challenge: null };
}

/**
 * As the nonce of a key that nobody has. Strangers choose how many come, so there are few such keys: together they hold half of
 * what state remembers at most, and keys of partners have the rest.
 */
async function useUp(state: State, id: string, now: number): Promise<DoorRefusal | null> {
  const key = `challenge ${id.charCodeAt(0) % STRANGERS}`;
  const claims = { ...noClaims(now), key, keyNonce: id, keyNonceLife: LONGEST_MS };
  const code = await applyClaims(state, undefined, claims);
  if (code === '') return null;
  return code === 'unsure'
    ? { code, evidence: 'nobody knows whether the solution has been used', challenge: null }
    : { code: 'challenge', evidence: 'a solution that has been used', challenge: null };
}

/** Of the eight keys whose nonces have room at once (stores/memory/keys.ts). */
const STRANGERS = 4;
/** No challenge is good for longer. */
const LONGEST_MS = 600_000;
