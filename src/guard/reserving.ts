import { type Eventually, whenKnown } from '../lib/eventually.ts';
import { NO_RESERVES, partsOf, type Reservation, type ReservedPart } from './budget.ts';
import type { Entry, Ledger, Reserved } from './ledger.ts';
import type { Claims } from './state.ts';

/**
 * Reserves what a request may cost, when all its other claims have been committed: a replayed or refused one holds no
 * money, not even for a moment. Says what it found in `claims.used`. Rejects where the ledger cannot be reached.
 */
export function reserve(ledger: Ledger | undefined, claims: Claims): Eventually<'' | 'budget' | 'unsure'> {
  if (claims.reserves === NO_RESERVES) return '';
  const parts = partsOf(claims);
  const entries = entriesIn(parts);
  if (entries.length === 0) return '';
  if (ledger === undefined) return 'unsure';
  return whenKnown(ledger.reserve(entries, claims.now), (found) => concluded(found, claims, parts, entries));
}

const entriesIn = (parts: readonly ReservedPart[]): readonly Entry[] => parts.flatMap(({ entries }) => entries);

function concluded(
  found: Reserved,
  { used }: Claims,
  parts: readonly ReservedPart[],
  entries: readonly Entry[],
): '' | 'budget' {
  if (found.short !== null) {
    used.short = found.short;
    used.retryAfter = found.retryAfter;
    return 'budget';
  }
  used.reserved = {
    open: true,
    parts,
    spent: new Map(entries.map(({ cap }, index) => [cap, found.spent[index] ?? 0])),
  };
  return '';
}

/** For a request that is refused after all: as if it had not been made. */
export function cancel(ledger: Ledger | undefined, { parts }: Reservation): void {
  for (const { entries, amount } of parts) ledger?.giveBack(entries, amount);
}
