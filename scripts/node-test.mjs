import { run } from './command.mjs';

const counted = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'];

/**
 * Runs files with Node's test runner. A run counts as failed when a test failed or was cancelled, or when no test
 * ran at all: a group that finds nothing to do must not look like success.
 */
export async function nodeTest(files, { concurrency, timeout }) {
  if (files.length === 0) return { ok: false, why: 'no test file', counts: emptyCounts() };
  const args = [
    '--conditions=@sallyport/source',
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeout}`,
    ...files,
  ];
  const { code, output } = await run(process.execPath, args, { timeout: timeout + 30_000 });
  const counts = readCounts(output);
  if (code !== 0) return { ok: false, why: `${counts.fail + counts.cancelled} failed`, counts };
  if (counts.pass === 0) return { ok: false, why: 'no test ran', counts };
  return { ok: true, why: '', counts };
}

export function emptyCounts() {
  return Object.fromEntries(counted.map((name) => [name, 0]));
}

/** The figures of the runner's closing lines: `ℹ pass 12`. */
export function readCounts(output) {
  const counts = emptyCounts();
  for (const name of counted) {
    const lines = [...output.matchAll(new RegExp(`^\\S+ ${name} (\\d+)\\s*$`, 'gm'))];
    counts[name] = Number(lines.at(-1)?.[1] ?? 0);
  }
  return counts;
}
