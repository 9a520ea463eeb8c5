import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAccessLog } from '../lib/access-log.ts';
import type { Goal } from '../lib/goal.ts';
import { atMost, once as oneFigure, shown } from '../lib/report.ts';

const BIN = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'bin', 'sallyport.js');
const LINES = 1_000_000;
/** Has the command say in the end what it used. */
const METER =
  'data:text/javascript,process.once("exit",()=>process.stderr.write("\\nUSED "%2BJSON.stringify(process.resourceUsage())%2B"\\n"))';

interface Used {
  /** Seconds of CPU time, those of the garbage collector's threads among them. */
  readonly cpu: number;
  /** Decimal megabytes of resident memory at most. */
  readonly memory: number;
}

/** Goal 16: learning of a long access log, and judging one, by their commands. */
export const learning: Goal = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const file = join(folder, 'access.log');
    await writeAccessLog(file, LINES);
    const learned = await run(folder, 'learn', file);
    const replayed = await run(folder, 'replay', file);
    return [
      atMost(16, 's of CPU time to learn of 1,000,000 lines of an access log', oneFigure(learned.cpu), 20),
      atMost(16, 'MB (10⁶ bytes) of memory that takes at most', oneFigure(learned.memory), 300),
      shown(16, 's of CPU time to judge the same by `replay`', oneFigure(replayed.cpu)),
      shown(16, 'MB (10⁶ bytes) of memory that takes at most, by `replay`', oneFigure(replayed.memory)),
      shown(16, 'MiB of log', oneFigure(statSync(file).size / 2 ** 20)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

async function run(folder: string, command: string, file: string): Promise<Used> {
  const child = spawn(process.execPath, ['--import', METER, BIN, command, file, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const [, used] = /^USED (\{.*\})$/m.exec(said) ?? [];
  if (code === 2 || used === undefined)
    throw new Error(`sallyport ${command} ended with ${code}: ${said.slice(0, 500)}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(used);
  return { cpu: (userCPUTime + systemCPUTime) / 1e6, memory: (maxRSS * 1024) / 1e6 };
}
