import type { Clock } from '../lib/clock.ts';
import type { Answer } from './decision.ts';
import { type CallParts, FollowedCall } from './repeats-call.ts';

/** What is kept of answers that may be lost on the way, and for how long: calls under way, and answers that are known. */
export interface RepeatShelf {
  /** Follows a call; null where there is no place for it, or one of its key is known. */
  follow(key: string, call: NewCall): FollowedCall | null;
  find(key: string): FollowedCall | undefined;
  findRemoval(removal: string): FollowedCall | undefined;
  /** The answer to a call, as long as it is kept. */
  answerOf(call: FollowedCall | undefined): Answer | null;
}

/** What is told of a call. */
export type NewCall = Pick<CallParts, 'request' | 'proof' | 'by' | 'connection'>;

export interface RepeatBounds {
  /** Answers that are kept. */
  readonly answers: number;
  /** Calls that are followed at a time. */
  readonly followed: number;
  /** Of both together, by one session. */
  readonly each: number;
  /** Bytes of one answer's body; and of all, with their fields, those that are still coming among them. */
  readonly longest: number;
  readonly bytes: number;
  /** Milliseconds for which an answer is kept. */
  readonly life: number;
}

export const REPEAT_BOUNDS: RepeatBounds = {
  answers: 1000,
  followed: 10_000,
  each: 50,
  longest: 16 * 1024,
  bytes: 4 * 1024 * 1024,
  life: 30_000,
};

export function createRepeatShelf(clock: Pick<Clock, 'monotonic'>, bounds: RepeatBounds): RepeatShelf {
  const underWay = new Map<string, FollowedCall>();
  /** The oldest first. */
  const kept = new Map<string, FollowedCall>();
  const removals = new Map<string, FollowedCall>();
  /** All of a session, the oldest first. */
  const sessions = new Map<string, Set<FollowedCall>>();
  let bytes = 0;
  let forgets = false;

  const forget = (call: FollowedCall): void => {
    bytes -= call.bytes;
    const own = sessions.get(call.session);
    own?.delete(call);
    if (own?.size === 0) sessions.delete(call.session);
  };
  const drop = (call: FollowedCall): void => {
    if (!kept.delete(call.key)) return;
    forget(call);
    if (removals.get(call.removal) === call) removals.delete(call.removal);
  };
  const dropOld = (): void => {
    forgets = false;
    for (const call of kept.values()) {
      if (call.until > clock.monotonic()) break;
      drop(call);
    }
    forgetLater();
  };
  const forgetLater = (): void => {
    if (forgets || kept.size === 0) return;
    forgets = true;
    setTimeout(dropOld, bounds.life).unref();
  };
  const makeRoom = (): void => {
    for (const oldest of kept.values()) {
      if (kept.size <= bounds.answers && bytes <= bounds.bytes) break;
      drop(oldest);
    }
  };
  const done = (call: FollowedCall): void => {
    underWay.delete(call.key);
    if (call.answer === null) {
      forget(call);
      return;
    }
    call.until = clock.monotonic() + bounds.life;
    kept.set(call.key, call);
    if (call.removal !== '') removals.set(call.removal, call);
    makeRoom();
    forgetLater();
  };
  /** Whoever makes many calls makes room for them among their own. */
  const hasPlace = (session: string): boolean => {
    if (underWay.size >= bounds.followed) return false;
    const own = sessions.get(session);
    if (own === undefined || own.size < bounds.each) return true;
    const oldest = own.values().find(({ answer }) => answer !== null);
    if (oldest !== undefined) drop(oldest);
    return oldest !== undefined;
  };
  const grow = (more: number): boolean => {
    bytes += more;
    makeRoom();
    return bytes <= bounds.bytes;
  };

  return {
    follow(key, { request, proof, by, connection }) {
      const { session } = proof.ticket;
      if (underWay.has(key) || kept.has(key) || !hasPlace(session)) return null;
      const call = new FollowedCall({ request, proof, by, connection, longest: bounds.longest, grow, done });
      underWay.set(key, call);
      const own = sessions.get(session);
      if (own === undefined) sessions.set(session, new Set([call]));
      else own.add(call);
      return call;
    },
    find: (key) => underWay.get(key) ?? kept.get(key),
    findRemoval: (removal) => removals.get(removal),
    answerOf: (call) => (call !== undefined && call.until > clock.monotonic() ? call.answer : null),
  };
}
