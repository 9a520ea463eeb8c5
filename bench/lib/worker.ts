import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'workers');

/** Runs `bench/workers/<name>.ts` in a process of its own; it prints figures by name, as one JSON object of lists. */
export async function runWorker(
  name: string,
  settings: object,
  flags: readonly string[] = ['--conditions=@sallyport/source'],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const args = ['--disable-warning=ExperimentalWarning', '--expose-gc', ...flags, join(folder, `${name}.ts`)];
  const { stdout } = await run(process.execPath, [...args, JSON.stringify(settings)]);
  const value: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  if (typeof value !== 'object' || value === null) throw new TypeError(`bench/workers/${name}.ts printed no figures`);
  return new Map(Object.entries(value).map(([key, list]) => [key, Array.isArray(list) ? list.map(Number) : []]));
}
