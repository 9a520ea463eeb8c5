import { after, before } from 'node:test';
import { createRecords } from '../../src/stores/records/open.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { SECRET } from './records/support.ts';
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
