import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child } from './child.ts';

const SALLYPORT = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'bin', 'sallyport.js');
/** Of `/proc/<pid>/stat`, on every Linux that Node runs on. */
const MICROSECONDS_A_TICK = 10_000;

/** The gate as people start it, by its command line, with so many worker threads. Null where a process's CPU time cannot be read. */
export async function startProgram(to: string, workers: number): Promise<Child | null> {
  if (process.platform !== 'linux') return null;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const config = { mode: 'enforce', clients: { default: { stamp: 'waive' } }, mint: { perPrefix: 1e6, total: 1e6 } };
  const file = join(folder, 'sallyport.config.js');
  writeFileSync(file, `export default ${JSON.stringify(config)};`);
  const port = await freePort();
  const begun = performance.now();
  const flags = [
    '--to',
    to,
    '--listen',
    `127.0.0.1:${port}`,
    '--workers',
    `${workers}`,
    '--config',
    file,
    '--log',
    'silent',
  ];
  const child = spawn(process.execPath, [SALLYPORT, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  const origin = `http://127.0.0.1:${port}`;
  while (!(await answers(origin))) {
    if (child.exitCode !== null) throw new Error(`sallyport ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    origin,
    started: performance.now() - begun,
    usage: async () => usageOf(child.pid ?? 0),
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function usageOf(pid: number): { cpu: number; rss: number } {
  // After the name, which may hold blanks: fields 14 and 15 of the whole are user and system time.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const [user = 0, system = 0] = [Number(fields[11]), Number(fields[12])];
  return { cpu: (user + system) * MICROSECONDS_A_TICK, rss: 0 };
}

async function answers(origin: string): Promise<boolean> {
  const answer = await fetch(`${origin}/_sallyport/codes`).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
