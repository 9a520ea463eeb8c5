import type { Eventually } from '../lib/eventually.ts';

/**
 * Where money is counted: in this process, or in records that several share. What was reserved is spent, whatever becomes
 * of the process that did it; only what is given back is not.
 */
export interface Ledger {
  /** Whether what was spent outlives this process. */
  readonly lasts: boolean;
  /**
   * Reserves every entry or none, and notes the slot of each in it. Answers with a promise where the ledger is elsewhere;
   * that rejects where it cannot be reached, and then nobody may spend.
   */
  reserve(entries: readonly Entry[], now: number): Eventually<Reserved>;
  /** Gives back so much of each entry; a negative amount was spent on top. Never throws: what is lost stays spent. */
  giveBack(entries: readonly Entry[], amount: number): void;
  /** Millionths spent in the span that ends now, of accounts without a payer. */
  spent(caps: readonly Cap[], now: number): Eventually<readonly number[]>;
  /** Calls the listener when it turns out that the server has forgotten something. Not there where none does. */
  onLoss?(listener: (losses: LedgerLosses) => void): void;
  /** Writes down what was given back so far. */
  close(): Promise<void>;
}

/** What a ledger's server has forgotten of what it had acknowledged, as far as this process can tell: all since its start. */
export interface LedgerLosses {
  /** Calls of this process whose reservations it remembered, and wrote again. */
  readonly rewritten: number;
  /** Calls of this process too old to be remembered: what they cost is not counted any more. */
  readonly lost: number;
  /** How often the server had forgotten the whole ledger. */
  readonly emptied: number;
}

export const NO_LOSSES: LedgerLosses = Object.freeze({ rewritten: 0, lost: 0, emptied: 0 });

/** How much may be taken out of one account, or out of each of many that differ by payer. */
export interface Cap {
  /** The account's, in every process and under every amount the same: `all: USD per total, day`. */
  readonly name: string;
  /** Milliseconds. */
  readonly span: number;
  /** Millionths that may be spent in any such span. */
  readonly amount: number;
  /** Released a twelfth at a time, twenty-four times a span; what is left over stays. */
  readonly even: boolean;
  /** A payer may take this part of what others have left of `of`, and one call in any case. Null: {@link amount} alone counts. */
  readonly share: { readonly part: number; readonly of: Cap } | null;
}

/** A part of one reservation. */
export interface Entry {
  readonly cap: Cap;
  /** Who spends; '' for everybody together. */
  readonly payer: string;
  readonly amount: number;
  /** Where it was counted; the ledger writes it. */
  slot: number;
}

export type Reserved = Shortage | Granted;

export interface Granted {
  readonly short: null;
  /** For each entry, millionths spent in its span with it. */
  readonly spent: readonly number[];
}

export interface Shortage {
  readonly short: Cap;
  /** Seconds after which as much may be there, if nobody else takes it. */
  readonly retryAfter: number;
}
