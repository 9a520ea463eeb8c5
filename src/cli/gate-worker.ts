import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerStart } from '../gateway/fleet/messages.ts';
import { runWorker } from '../gateway/fleet/worker.ts';
import { type ConfigFlags, loadConfig } from './flags.ts';
import { layersToAsk } from './layers.ts';

/** What a worker of `sallyport --workers` is given by the thread that starts it: see `src/cli/gate.ts`. */
export interface GateWorkerData {
  readonly flags: ConfigFlags;
}

if (parentPort === null) throw new TypeError('this module is run in a worker thread');
const { flags, start } = workerData as GateWorkerData & { readonly start: WorkerStart };
const layers = layersToAsk().map(({ name }) => name);
await runWorker({ port: parentPort, start, load: async () => (await loadConfig(flags, layers)).config });
