import type { Interaction } from '../wire/interaction.ts';
import { F, type SessionTable, U } from './session-table.ts';

/** Counts of one session stay below this: what a page tells is a claim, and nothing is lost by hearing no more of it. */
const MOST = 1_000_000;

/** Adds what a page told of how it is used by hand. */
export function noteHands(table: SessionTable, slot: number, told: Interaction): void {
  const { words, floats } = table;
  const at = table.u(slot, 0);
  if ((words[at + U.moments] as number) > MOST) return;
  words[at + U.moments] = (words[at + U.moments] as number) + told.moments;
  words[at + U.forged] = (words[at + U.forged] as number) + told.forged;
  words[at + U.presses] = (words[at + U.presses] as number) + told.presses;
  words[at + U.instant] = (words[at + U.instant] as number) + told.instant;
  words[at + U.pauses] = (words[at + U.pauses] as number) + told.gaps;
  const squares = table.f(slot, F.pauseSquares);
  floats[squares] = (floats[squares] as number) + told.gaps * (told.spread / 100) ** 2;
}
