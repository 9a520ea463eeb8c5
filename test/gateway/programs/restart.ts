// A gate as its own process, for restarts.test.ts: `restart.ts VERSION WORKERS FLAGS`, where FLAGS are those of the command line,
// as JSON. Says `ready URL` once it answers; each line on standard input is a number of milliseconds that pass at once, answered
// by `later`.
import { createInterface } from 'node:readline';
import { loadConfig } from '../../../src/cli/flags.ts';
import { layersToAsk } from '../../../src/cli/layers.ts';
import { startFleet } from '../../../src/gateway/fleet/fleet.ts';
import { startService } from '../../../src/gateway/service.ts';
import { letPass } from './clock.ts';

const [, , version = '', workers = '1', flags = '{}'] = process.argv;
const load = () =>
  loadConfig(
    JSON.parse(flags),
    layersToAsk().map(({ name }) => name),
  );
const options = {
  ...(await load()),
  ...({ version, log: 'info', inheritance: null } as const),
  load: async () => (await load()).config,
};
const program = { module: new URL('./restart-worker.ts', import.meta.url), data: { flags: JSON.parse(flags) } };
const service =
  workers === '1' ? await startService(options) : await startFleet({ ...options, workers: Number(workers), program });
createInterface({ input: process.stdin }).on('line', (line) => {
  letPass(Number(line));
  console.log('later');
});
console.log(`ready ${service.url}`);
await service.stopped;
process.stdin.destroy();
