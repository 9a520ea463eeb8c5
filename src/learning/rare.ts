import { createRemarks, type Remarks } from './remarks.ts';

/**
 * Sessions after which what fewer than three voices sent is left out. If people in a share of f do something, so few of n
 * sessions show it with a chance that falls with nf: what is lost by leaving it out is 1.37 / n of the sessions at the most.
 */
export const ENOUGH_TO_LEAVE_OUT = 1400;
/** Voices of which something is left out, in all: two, or in a thousand sessions one. More, and people do such things. */
const LEAST_LEFT_OUT = 2;
const MOST_LEFT_OUT = 0.001;
/** What no more than this share sent is remarked on: a tenth of the sessions may be abuse. */
const FEW_SESSIONS = 0.12;

/** How what was seen is read: whether rare things are left out, and where what becomes of them is noted. */
export interface Reading {
  readonly leavesOut: boolean;
  readonly remarks: Remarks;
  /** Whether so many sessions are so few of all that they are remarked on. */
  isFew(sessions: number, all: number): boolean;
}

/**
 * Reads something that rests on so many sessions: without what is rare, where that costs next to nobody anything; else with it.
 */
export function readRare<T>(
  sessions: number,
  read: (reading: Reading) => T,
): { readonly found: T; readonly rare: string } {
  const by = (leavesOut: boolean) => {
    const remarks = createRemarks();
    return { found: read({ leavesOut, remarks, isFew }), remarks };
  };
  const strict = sessions < ENOUGH_TO_LEAVE_OUT ? null : by(true);
  const most = Math.max(LEAST_LEFT_OUT, MOST_LEFT_OUT * sessions);
  const { found, remarks } = strict !== null && strict.remarks.voices <= most ? strict : by(false);
  return { found, rare: remarks.text() };
}

const isFew = (sessions: number, all: number): boolean => sessions < FEW_SESSIONS * all;
