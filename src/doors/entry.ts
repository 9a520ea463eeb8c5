import { createHash } from 'node:crypto';
import type { Answer } from '../guard/decision.ts';
import type { Policy } from '../guard/policy.ts';
import type { EnteredSession } from '../guard/siblings.ts';
import type { State } from '../guard/state.ts';
import type { RequestView } from '../guard/view.ts';
import type { WaitingRoom } from '../guard/waiting-room.ts';
import type { Clock } from '../lib/clock.ts';
import { type Eventually, whenKnown } from '../lib/eventually.ts';
import type { ChallengeMember } from '../wire/challenge.ts';
import type { Code } from '../wire/codes.ts';
import { type Opened, open, toAnswer } from './entry-answer.ts';
import type { DoorChallenges } from './entry-challenge.ts';
import { type Prepared, prepare } from './entry-claim.ts';
import type { EntryLogins } from './entry-logins.ts';
import { createAnswerMemory } from './entry-memory.ts';
import { letIn } from './entry-newcomer.ts';
import { inTurn } from './entry-turn.ts';
import type { KeyAgreement } from './key-agreement.ts';
import type { Random } from './random.ts';
import type { SessionCookies } from './session-cookie.ts';
import type { Stamps } from './stamp.ts';
import type { Tickets } from './ticket.ts';
import type { WhereaboutsReader } from './whereabouts.ts';

/** The second door: `POST {mount}/enter` (docs/protocol.md §2). */

export interface EntryDeps {
  readonly tickets: Tickets;
  readonly stamps: Stamps;
  readonly sessions: SessionCookies;
  readonly keys: KeyAgreement;
  readonly state: State;
  /** Null where nobody can log in here. */
  readonly logins: EntryLogins | null;
  /** What new sessions may be asked for; null or absent where nobody is. */
  readonly challenges?: DoorChallenges | null;
  /** Where new visitors wait whose network has used up its allowance. Without one, none does. */
  readonly room?: WaitingRoom;
  /** Whether somebody has banned the session of this public label: as long as its cookie comes, nobody enters. */
  readonly isBanned?: (label: string) => boolean;
  /** Whether a rule lets nobody open a new session from this prefix for now. */
  readonly isClosed?: (prefix: string) => boolean;
  /** Told of every session that was entered. */
  readonly onEntered?: (session: EnteredSession) => void;
  readonly policy: () => Policy;
  readonly clock: Clock;
  readonly random: Random;
  /** Reads from where an entry comes. */
  readonly whereabouts: WhereaboutsReader;
}

/** What the layers before have found out. Host and site have been checked. */
export interface EntryFacts {
  /** Value of Origin. */
  readonly origin: string;
  /** Authority by which the client reached us: what proofs will be signed for. */
  readonly authority: string;
  /** Network prefix that pays for a new session. */
  readonly prefix: string;
  /** What its keys are derived with besides, where a build of the script enters (docs/builds.md). */
  readonly label?: string;
  /** A test with a pass: no limit on new sessions counts it. */
  readonly unlimited?: boolean;
}

export interface Refused {
  readonly kind: 'refuse';
  readonly code: Code;
  /** `Set-Cookie` values that go with the refusal. */
  readonly cookies: readonly string[];
  /** Seconds, 0 for none. */
  readonly retryAfter: number;
  /** For the record. */
  readonly evidence: string;
  /** For the code `challenge`: what is to be done. */
  readonly challenge?: ChallengeMember | null;
}

export type EntryResult =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** For the record: what was out of the ordinary. */
      readonly note?: string;
    }
  | Refused;

/** Opens entries. Synchronous where the state is. */
export type Enter = (view: RequestView, body: Uint8Array, facts: EntryFacts) => EntryResult | Promise<EntryResult>;

/** Claim, turn, answer: each in a file of its own. The same entry, sent again, is answered the same and claims nothing. */
export function createEntry(deps: EntryDeps): Enter {
  const memory = createAnswerMemory(deps.clock);
  // Entries that wait for state, so that one sent twice at once makes one claim, too. As many as requests in flight.
  const waiting = new Map<string, Promise<EntryResult>>();
  return (view, body, facts) => {
    const key = memoryKey(view, body, facts, deps.policy());
    const known = memory.get(key);
    if (known !== null) return toAnswer(deps.clock, { entered: known, crowded: false });
    const pending = waiting.get(key);
    if (pending !== undefined) return pending;
    const result = whenKnown(enter(deps, view, body, facts), (opened): EntryResult => {
      if ('kind' in opened) return opened;
      memory.set(key, opened.entered);
      return toAnswer(deps.clock, opened);
    });
    if (!(result instanceof Promise)) return result;
    const settled = result.finally(() => waiting.delete(key));
    waiting.set(key, settled);
    return settled;
  };
}

function enter(deps: EntryDeps, view: RequestView, body: Uint8Array, facts: EntryFacts): Eventually<Opened | Refused> {
  return whenKnown(prepare(deps, view, body, facts), (prepared) => {
    if ('kind' in prepared) return prepared;
    if (prepared.brought === null) return claim(deps, prepared, view);
    return whenKnown(letIn(deps, prepared, view), (refused) => {
      if (refused !== null) return refused;
      return claim(deps, { ...prepared, claim: { ...prepared.claim, now: deps.clock.wall() } }, view);
    });
  });
}

/** What follows the claim costs a key agreement: a flood is turned away before it. */
function claim(deps: EntryDeps, prepared: Prepared, view: RequestView): Eventually<Opened | Refused> {
  return whenKnown(inTurn(deps, prepared, view.waiter), ({ grant, now }) =>
    open(deps, { ...prepared.attempt, now }, grant),
  );
}

/** Same body, cookies, origin and authority, under the same mount. */
function memoryKey(view: RequestView, body: Uint8Array, facts: EntryFacts, policy: Policy): string {
  const hash = createHash('sha256');
  for (const part of [facts.origin, facts.authority, view.headers.cookie, policy.mount, facts.label ?? '']) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.update(body).digest('base64');
}
