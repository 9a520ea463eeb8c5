// A gate as its own process, for test/system/budget*.test.ts: `budget.ts CONFIG URL SECRET`, the configuration as JSON, the URL that of
// the records, or of the state. Says `ready URL` once it answers.
import { startGate } from '../../../src/gateway/index.ts';
import { createRecords } from '../../../src/stores/records/open.ts';
import { openRedis } from '../../../src/stores/redis/open.ts';

const [, , config = '{}', url = '', secret = ''] = process.argv;
// Patient: what is tested is how much is spent, and the machine may be busy.
const kept = url.startsWith('redis:')
  ? await openRedis(url, { secret, timeout: 20_000 })
  : { records: await createRecords(url, { secret }) };
const gate = await startGate(JSON.parse(config), { secret, ...kept });
console.log(`ready ${gate.url}`);
