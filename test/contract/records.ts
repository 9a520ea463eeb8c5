import { describe, test } from 'node:test';
import type { Records } from '../../src/guard/records.ts';
import { audit } from './records/audit.ts';
import { bans } from './records/bans.ts';
import { changes } from './records/changes.ts';
import { keys } from './records/keys.ts';
import { logins } from './records/logins.ts';
import { objects } from './records/objects.ts';
import { signals } from './records/signals.ts';
import { type Opened, type Place, type Row, testClock } from './records/support.ts';

const TABLE: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  { title: 'logins', rows: logins },
  { title: 'keys', rows: keys },
  { title: 'bans, users, attempts', rows: bans },
  { title: 'objects', rows: objects },
  { title: 'audit', rows: audit },
  { title: 'changes', rows: changes },
  { title: 'signals', rows: signals },
];

/**
 * The rules that every database of records keeps. A new one's test is a call of this.
 *
 * @param place makes a new, empty database
 * @param shared whether a second process can open it
 */
export function recordsContract(name: string, place: () => Promise<Place>, shared: boolean): void {
  describe(`${name} keeps the records' contract`, () => {
    for (const { title, rows } of TABLE) {
      describe(title, () => {
        for (const row of rows) {
          if (shared || row.shared !== true) test(`${row.name} (${row.why})`, () => withRecords(place, row));
        }
      });
    }
  });
}

/** Closes what a row has opened. */
async function withRecords(place: () => Promise<Place>, row: Row): Promise<void> {
  const { open } = await place();
  const clock = testClock();
  const opened: Records[] = [];
  const again = async (options: Partial<Opened> = {}): Promise<Records> => {
    const records = await open({ clock, ...options });
    opened.push(records);
    return records;
  };
  try {
    await row.run({ records: await again(), clock, again });
  } finally {
    for (const records of opened) await records.close();
  }
}
