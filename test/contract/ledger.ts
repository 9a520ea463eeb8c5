import { describe, test } from 'node:test';
import { caps } from './ledger/caps.ts';
import { clocks } from './ledger/clocks.ts';
import { parts } from './ledger/parts.ts';
import type { LedgerPlace, LedgerRow, OpenedLedger } from './ledger/support.ts';
import { testClock } from './records/support.ts';

const TABLE: readonly { readonly title: string; readonly rows: readonly LedgerRow[] }[] = [
  { title: 'caps', rows: caps },
  { title: 'parts of a budget', rows: parts },
  { title: 'clocks', rows: clocks },
];

/**
 * The rules that every ledger keeps. A new one's test is a call of this.
 *
 * @param place makes a new, empty one
 * @param shared whether a second process can open it
 */
export function ledgerContract(name: string, place: () => LedgerPlace, shared: boolean): void {
  describe(`${name} keeps the ledger's contract`, () => {
    for (const { title, rows } of TABLE) {
      describe(title, () => {
        for (const row of rows) {
          if (shared || row.shared !== true) test(`${row.name} (${row.why})`, () => withLedgers(place(), row));
        }
      });
    }
  });
}

/** Closes what a row has opened. */
async function withLedgers(open: LedgerPlace, row: LedgerRow): Promise<void> {
  const clock = testClock();
  const opened: OpenedLedger[] = [];
  const again = async () => {
    const made = await open(clock);
    opened.push(made);
    return made.ledger;
  };
  try {
    await row.run({ ledger: await again(), clock, again });
  } finally {
    for (const { close } of opened) await close();
  }
}
