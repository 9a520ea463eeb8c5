import type { Cap, Entry, Ledger } from '../../../src/guard/ledger.ts';
import type { TestClock } from '../records/support.ts';

export interface OpenedLedger {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** Each call is what another process would open. */
export type LedgerPlace = (clock: TestClock) => Promise<OpenedLedger>;

export interface LedgerSetting {
  readonly ledger: Ledger;
  readonly clock: TestClock;
  /** What another process sees of the same ledger. */
  again(): Promise<Ledger>;
}

export interface LedgerRow {
  readonly name: string;
  readonly why: string;
  /** True where two processes share it. */
  readonly shared?: boolean;
  run(setting: LedgerSetting): Promise<void>;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const cap = (changes: Partial<Cap> = {}): Cap => ({
  name: 'all: USD per total, day',
  span: DAY,
  amount: 100,
  even: false,
  share: null,
  ...changes,
});

export const entry = (amount: number, of: Cap, payer = ''): Entry => ({ cap: of, payer, amount, slot: 0 });

/** Reserves; the entries, or null where one of them is short. */
export async function take(
  { ledger, clock }: Pick<LedgerSetting, 'ledger' | 'clock'>,
  ...entries: readonly Entry[]
): Promise<readonly Entry[] | null> {
  const found = await ledger.reserve(entries, clock.now);
  return found.short === null ? entries : null;
}

/** How many calls of this amount pass before one is refused, at most so many. */
export async function calls(
  setting: Pick<LedgerSetting, 'ledger' | 'clock'>,
  make: () => readonly Entry[],
  most = 1000,
): Promise<number> {
  let passed = 0;
  while (passed < most && (await take(setting, ...make())) !== null) passed++;
  return passed;
}
