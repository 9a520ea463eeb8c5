import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { createRecords } from '../../src/stores/records/open.ts';
import { SECRET } from './records/support.ts';
import { ledgerContract } from './ledger.ts';
import { recordsContract } from './records.ts';

recordsContract(
  'SQLite in memory',
  async () => ({ open: (options) => createRecords('memory', { secret: SECRET, ...options }) }),
  false,
);

const folder = mkdtempSync(join(tmpdir(), 'sallyport-records-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

recordsContract(
  'SQLite in a file',
  async () => {
    files += 1;
    const path = join(folder, `${files}.sqlite`);
    return { open: (options) => createRecords(`sqlite:${path}`, { secret: SECRET, ...options }) };
  },
  true,
);

ledgerContract(
  'SQLite in a file',
  () => {
    files += 1;
    const path = join(folder, `${files}.sqlite`);
    return async (clock) => {
      const records = await createRecords(`sqlite:${path}`, { secret: SECRET, clock });
      return { ledger: records.ledger, close: () => records.close() };
    };
  },
  true,
);
