// A gate as its own process, for test/system/budget.test.ts: `budget.ts CONFIG RECORDS_URL SECRET`, the configuration as JSON.
// Says `ready URL` once it answers.
import { startGate } from '../../../src/gateway/index.ts';
import { createRecords } from '../../../src/stores/records/open.ts';

const [, , config = '{}', url = '', secret = ''] = process.argv;
const records = await createRecords(url, { secret });
const gate = await startGate(JSON.parse(config), { secret, records });
console.log(`ready ${gate.url}`);
