import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError } from '../guard/errors.ts';
import type { LabFile } from '../lab/lab-file.ts';
import type { LabOptions } from '../lab/options.ts';
import type { OwnGate } from './attack-gate.ts';
import { importDefault } from './load-config.ts';

/** Names looked for, in this order. */
const NAMES = ['sallyport.lab.ts', 'sallyport.lab.mts', 'sallyport.lab.js', 'sallyport.lab.mjs'];

/**
 * What `sallyport.lab.ts` gives a run: the one beside the configuration of the gate that is attacked, else in the working
 * directory. `{}` without one. Throws ConfigError where it cannot be loaded.
 */
export async function loadLabFile(url: string, own: OwnGate | null): Promise<LabOptions> {
  const folder = own?.status.folder || process.cwd();
  const name = NAMES.find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return {};
  // SAFETY: the developer's own file, whose type `defineLab` holds; runLab checks the options.
  const file = (await importDefault(join(folder, name), name)) as LabFile;
  if (typeof file !== 'function') return file;
  try {
    return await file({ url: URL.parse(url)?.origin ?? '', config: own?.config ?? {} });
  } catch (error) {
    const rule = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it threw something';
    throw new ConfigError(basename(name), [{ field: '', value: 'no options', rule }]);
  }
}
