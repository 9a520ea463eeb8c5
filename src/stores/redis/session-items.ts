import type { EndReason, EntryClaim } from '../../guard/state.ts';
import type { Item } from './calls.ts';
import { hex } from './places.ts';

/** A time in place of the server's, or none. */
export type ItemTime = { readonly t?: number };

/** Reasons in one letter, as the script keeps them. */
const LETTERS: Record<EndReason, string> = { ended: 'e', login: 'l' };

export const reasonOf = (letter: unknown): EndReason | '' => (letter === 'l' ? 'login' : letter === 'e' ? 'ended' : '');

/** Ends a session for `life` milliseconds; with `carry` the answer says what its successor goes on with. */
export const endingItem = (
  session: string,
  partition: number,
  life: number,
  reason: EndReason,
  time: ItemTime,
  carry = false,
): Item => ({
  k: 'finish',
  z: partition,
  s: session,
  life: Math.max(1, Math.ceil(life)),
  why: LETTERS[reason],
  ...(carry ? { carry } : {}),
  ...time,
});

/** Who comes in, and where to. */
export interface EntryPlace {
  readonly partition: number;
  readonly session: string;
  /** Its network, as {@link Names.network} says it. */
  readonly network: string;
}

/** What both ways in have in common. */
export const entryItem = (k: 'resume' | 'begin', at: EntryPlace, entry: EntryClaim, time: ItemTime) => ({
  k,
  z: at.partition,
  s: at.session,
  w: hex(entry.windowIdHigh, entry.windowIdLow),
  life: Math.max(1, Math.ceil(entry.windowLife)),
  b: entry.client,
  p: at.network,
  per: entry.entriesPerMinute,
  ...time,
});
