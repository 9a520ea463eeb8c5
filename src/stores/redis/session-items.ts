import type { EndReason, EntryClaim } from '../../guard/state.ts';
import type { Item } from './calls.ts';

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

/** What both ways in have in common. */
export const entryItem = (
  k: 'resume' | 'begin',
  z: number,
  s: string,
  window: string,
  entry: EntryClaim,
  time: ItemTime,
) => ({
  k,
  z,
  s,
  w: window,
  life: Math.max(1, Math.ceil(entry.windowLife)),
  b: entry.client,
  p: entry.prefix,
  per: entry.entriesPerMinute,
  ...time,
});
