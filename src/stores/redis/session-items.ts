import type { EndReason, EntryClaim } from '../../guard/state.ts';
import type { Item } from './calls.ts';
import { hex, partitionOfSession } from './places.ts';

/** A time in place of the server's, or none. */
export type ItemTime = { readonly t?: number };

/** Reasons in one letter, as the script keeps them. */
const LETTERS: Record<EndReason, string> = { ended: 'e', login: 'l' };

export const reasonOf = (letter: unknown): EndReason | '' => (letter === 'l' ? 'login' : letter === 'e' ? 'ended' : '');

export interface EndingClaim {
  readonly session: string;
  readonly partition: number;
  /** Milliseconds for which it has to be known. */
  readonly life: number;
  readonly reason: EndReason;
}

/**
 * Ends a session. With `carry` the answer says what its successor goes on with; with `news` all gates hear of it, which those
 * need not that are told again.
 */
export const endingItem = (
  { session, partition, life, reason }: EndingClaim,
  time: ItemTime,
  more: { readonly carry?: true; readonly news?: true } = {},
): Item => ({
  k: 'finish',
  z: partition,
  s: session,
  life: Math.max(1, Math.ceil(life)),
  why: LETTERS[reason],
  ...more,
  ...time,
});

const NEWS = /^([0-9a-f]{8})([0-9a-f]{8})([el])(\d{1,15})$/;

/** What another gate has ended, as the script tells it; null for what is no such news. */
export function readNews(text: string, partitions: number): EndingClaim | null {
  const [, high, low, letter, life] = NEWS.exec(text) ?? [];
  const reason = reasonOf(letter);
  if (high === undefined || low === undefined || reason === '') return null;
  const partition = partitionOfSession(Number.parseInt(low, 16), partitions);
  return { session: high + low, partition, life: Number(life), reason };
}

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
