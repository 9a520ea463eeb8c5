import { main } from '../../src/cli/main.ts';
import type { Ended } from './support.ts';

export interface Surroundings {
  readonly folder: string;
  /** Variables besides those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Runs a command in this process: the same words, without the second that a process takes to start. A process has one
 * working directory and one environment: commands run one after another.
 */
export function runInProcess(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  const ended = last.then(() => runAt(args, surroundings));
  last = ended.catch(() => {});
  return ended;
}

let last: Promise<unknown> = Promise.resolve();

async function runAt(args: readonly string[], { folder, environment }: Surroundings): Promise<Ended> {
  const before = { folder: process.cwd(), environment: { ...process.env } };
  const said = { out: '', err: '' };
  process.chdir(folder);
  Object.assign(process.env, environment);
  try {
    const code = await main(args, {
      out: (text) => {
        said.out += `${text}\n`;
      },
      err: (text) => {
        said.err += `${text}\n`;
      },
      paint: { strong: plain, faint: plain, good: plain, bad: plain, careful: plain },
    });
    return { code, ...said };
  } finally {
    process.chdir(before.folder);
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before.environment);
  }
}

const plain = (text: string): string => text;
