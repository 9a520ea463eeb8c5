import type { Cap, Entry, Shortage } from '../../guard/ledger.ts';

/** How long a refusal is repeated without asking. */
const KNOWN_MS = 1000;
const MOST_KNOWN = 4096;

/**
 * Accounts that were found empty a moment ago: whoever asks them again and again, with whatever sessions, costs records
 * one look a second.
 */
export interface Shortages {
  /** For a call that needs as much as one that was refused just now; null for all others. */
  find(entries: readonly Entry[], now: number): Shortage | null;
  note(entries: readonly Entry[], found: Shortage, now: number): void;
  /** Something of theirs was given back. */
  forget(entries: readonly Entry[]): void;
}

interface Known {
  readonly cap: Cap;
  readonly amount: number;
  readonly at: number;
  readonly retryAt: number;
}

export function createShortages(): Shortages {
  const known = new Map<string, Known>();
  const nameOf = ({ cap, payer }: Entry): string => `${cap.name}|${payer}`;
  return {
    find(entries, now) {
      if (known.size === 0) return null;
      for (const entry of entries) {
        const found = known.get(nameOf(entry));
        // A clock that was set back makes nothing known for longer.
        if (found === undefined || entry.amount < found.amount || Math.abs(now - found.at) >= KNOWN_MS) continue;
        return { short: found.cap, retryAfter: Math.max(1, Math.ceil((found.retryAt - now) / 1000)) };
      }
      return null;
    },
    note(entries, { short, retryAfter }, now) {
      const entry = entries.find(({ cap }) => cap === short);
      if (entry === undefined) return;
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(nameOf(entry), { cap: short, amount: entry.amount, at: now, retryAt: now + retryAfter * 1000 });
    },
    forget(entries) {
      if (known.size > 0) for (const entry of entries) known.delete(nameOf(entry));
    },
  };
}
