import type { Reservation } from './budget.ts';
import type { Ledger } from './ledger.ts';
import { cancel } from './reserving.ts';
import type { Claims, State } from './state.ts';
import type { Hold } from './use.ts';

export const NO_HOLDS: readonly Hold[] = Object.freeze([]);

/** What a request had open is free again. State that cannot be reached forgets it by itself. */
export function letGo(state: State, hold: Hold): void {
  try {
    unheard(state.release(hold));
  } catch {}
}

/** Gives back all that was taken by a request that goes nowhere. */
export function giveBack(state: State, hold: Hold): void {
  try {
    unheard(state.settle(hold, false));
  } catch {}
  letGo(state, hold);
}

/** What a request holds until its answer has ended; given back at once where it `goesOn` to no backend. */
export function takeHolds(state: State, enforced: Claims, reported: Claims, goesOn: boolean): readonly Hold[] {
  const first = enforced.used.hold;
  const second = reported.used.hold;
  if (first === null && second === null) return NO_HOLDS;
  const holds: Hold[] = [];
  if (first !== null) holds.push(first);
  if (second !== null && second !== first) holds.push(second);
  if (goesOn) return holds;
  for (const hold of holds) giveBack(state, hold);
  return NO_HOLDS;
}

/** What stays spent; given back where nothing was asked of the backend, and never once it has been. */
export function takeReserved(
  ledger: Ledger | undefined,
  enforced: Claims,
  reported: Claims,
  goesOn: boolean,
): Reservation | null {
  const { used } = enforced.used.reserved === null ? reported : enforced;
  const { reserved } = used;
  if (reserved === null) return null;
  used.reserved = null;
  if (goesOn) return reserved;
  cancel(ledger, reserved);
  return null;
}

function unheard(told: void | Promise<void>): void {
  if (told instanceof Promise) told.catch(() => {});
}
