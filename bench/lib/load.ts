import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Usage } from './child.ts';
import { type Shot, toText } from './shot.ts';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

export const CONNECTIONS = 32;

/** What a load generator counted. */
export interface Counted {
  readonly requests: number;
  readonly microseconds: number;
  /** Answers other than 2xx and 3xx. */
  readonly refused: number;
  readonly failed: number;
}

/** Requests per second, and microseconds of the server's CPU for each. */
export type Rates = Readonly<Record<'throughput' | 'cpu', number>>;

/** Something whose CPU time can be asked for. */
export interface Measured {
  readonly origin: string;
  usage(): Promise<Usage>;
}

/** `wrk` where it is installed, else undici in a process of its own. */
export async function loadGenerator(): Promise<'wrk' | 'undici'> {
  return run('wrk', ['--version']).then(
    () => 'wrk' as const,
    (error: unknown) => (isMissing(error) ? ('undici' as const) : ('wrk' as const)),
  );
}

/**
 * Sends these requests to a server for so many seconds, from another process. Throws unless every single one was
 * answered with success: a figure for refusals would mean nothing.
 */
export async function shoot(server: Measured, shots: readonly Shot[], seconds: number): Promise<Rates> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  try {
    const file = join(folder, 'requests');
    await writeFile(file, shots.map((shot) => `${toText(shot)}\0`).join(''), 'latin1');
    const before = await server.usage();
    const counted = await send(server.origin, file, seconds);
    const after = await server.usage();
    if (counted.refused > 0 || counted.failed > 0 || counted.requests === 0) {
      throw new Error(`${server.origin}: ${JSON.stringify(counted)} of ${shots.length} prepared`);
    }
    return {
      throughput: (counted.requests / counted.microseconds) * 1e6,
      cpu: (after.cpu - before.cpu) / counted.requests,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function send(origin: string, file: string, seconds: number): Promise<Counted> {
  if ((await loadGenerator()) === 'undici') {
    const args = [join(here, 'load-undici.ts'), origin, file, `${seconds}`, `${CONNECTIONS}`];
    return toCounted((await run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args])).stdout);
  }
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', join(here, 'requests.lua'), origin, '--', file];
  return toCounted((await run('wrk', args)).stdout);
}

function toCounted(output: string): Counted {
  const value: unknown = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  if (typeof value !== 'object' || value === null) throw new TypeError('the load generator printed no counts');
  const counts = new Map(Object.entries(value));
  const count = (name: string): number => Number(counts.get(name));
  return {
    requests: count('requests'),
    microseconds: count('microseconds'),
    refused: count('refused'),
    failed: count('failed'),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
