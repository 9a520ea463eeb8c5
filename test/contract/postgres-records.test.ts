import { after, before } from 'node:test';
import { createRecords } from '../../src/stores/records/open.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { SECRET } from './records/support.ts';
import { ledgerContract } from './ledger.ts';
import { recordsContract } from './records.ts';

let server: Postgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

recordsContract(
  'PostgreSQL',
  async () => {
    const url = server.database();
    return { open: (options) => createRecords(url, { secret: SECRET, ...options }) };
  },
  true,
);

ledgerContract(
  'PostgreSQL',
  () => {
    const url = server.database();
    return async (clock) => {
      const records = await createRecords(url, { secret: SECRET, clock });
      return { ledger: records.ledger, close: () => records.close() };
    };
  },
  true,
);
