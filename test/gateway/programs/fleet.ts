// Workers of one gate as their own process, for fleet.test.ts: `fleet.ts WORKERS yes|no FLAGS`, where the word says
// whether the system shares a port, and FLAGS are those of the command line, as JSON. Says `ready URL` once it answers.
import { layersToAsk } from '../../../src/cli/layers.ts';
import { loadConfig } from '../../../src/cli/flags.ts';
import { startFleet } from '../../../src/gateway/fleet/fleet.ts';
import { receiveInheritance } from '../../../src/gateway/lifecycle.ts';

const [, , workers = '2', shares = 'yes', flags = '{}'] = process.argv;
const load = () =>
  loadConfig(
    JSON.parse(flags),
    layersToAsk().map(({ name }) => name),
  );
const service = await startFleet({
  ...(await load()),
  version: process.env['SALLYPORT_TEST_VERSION'] ?? '1.0.0',
  log: 'info',
  inheritance: await receiveInheritance(),
  load: async () => (await load()).config,
  workers: Number(workers),
  program: {
    module: new URL('../../../src/cli/gate-worker.ts', import.meta.url),
    data: { flags: JSON.parse(flags) },
  },
  ...(shares === 'yes' ? {} : { canShare: async () => false }),
});
console.log(`ready ${service.url}`);
await service.stopped;
