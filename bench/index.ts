// `npm run bench`, or `node --conditions=@sallyport/source bench/index.ts [--goal N]… [--quick] [--sources]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepareForm } from './lib/form.ts';
import type { Goal } from './lib/goal.ts';
import { lineOf, type Result } from './lib/report.ts';

interface Entry {
  readonly title: string;
  readonly load: () => Promise<Goal>;
}

const GOALS: ReadonlyMap<number, Entry> = new Map([
  [1, { title: 'one admission in process', load: async () => (await import('./goals/admission.ts')).admission }],
  [2, { title: 'guarded node:http against bare', load: async () => (await import('./goals/http.ts')).http }],
  [4, { title: 'guarded against DPoP per request', load: async () => (await import('./goals/dpop.ts')).dpop }],
  [
    5,
    {
      title: 'the guarded gate against unguarded proxies',
      load: async () => (await import('./goals/proxies.ts')).proxies,
    },
  ],
  [7, { title: 'state in memory', load: async () => (await import('./goals/state.ts')).state }],
  [8, { title: 'state on Redis', load: async () => (await import('./goals/redis.ts')).redis }],
  [9, { title: 'two workers against one', load: async () => (await import('./goals/workers.ts')).workers }],
  [10, { title: 'the page', load: async () => (await import('./goals/page.ts')).page }],
  [
    12,
    { title: 'asking whether they may', load: async () => (await import('./goals/authorization.ts')).authorization },
  ],
  [13, { title: 'logins cannot starve the gate', load: async () => (await import('./goals/logins.ts')).logins }],
  [14, { title: 'rules of use', load: async () => (await import('./goals/use.ts')).use }],
  [15, { title: 'watching behaviour', load: async () => (await import('./goals/behaviour.ts')).behaviour }],
  [17, { title: 'a proof of work, for people', load: async () => (await import('./goals/challenge.ts')).challenge }],
  [
    18,
    { title: 'copies of the frontend against builds', load: async () => (await import('./goals/copies.ts')).copies },
  ],
  [19, { title: 'endpoints that sealed calls hide', load: async () => (await import('./goals/seen.ts')).seen }],
  [20, { title: 'what sealing costs', load: async () => (await import('./goals/sealed.ts')).sealed }],
  [16, { title: 'learning of a long log', load: async () => (await import('./goals/learning.ts')).learning }],
  [11, { title: 'start and memory', load: async () => (await import('./goals/start.ts')).start }],
]);

const { values } = parseArgs({
  options: {
    goal: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    sources: { type: 'boolean', default: false },
  },
});
const wanted = (values.goal ?? [...GOALS.keys()].map(String)).map(Number);
const unknown = wanted.find((number) => !GOALS.has(number));
if (unknown !== undefined) {
  console.error(`bench: --goal: there is no goal ${unknown}; write one of ${[...GOALS.keys()].join(', ')}`);
  process.exit(2);
}

const form = prepareForm(values.sources);
const effort = values.quick ? { form, rounds: 3, seconds: 1 } : { form, rounds: 9, seconds: 2 };
const [load = 0] = loadavg();
console.log(`Node ${process.versions.node}, ${cpus().length} cores, load ${load.toFixed(1)}, ${form.name}.`);
console.log(`${effort.rounds} pairs, ${effort.seconds} s a side; medians of paired ratios (lowest – highest).`);
if (load > cpus().length / 2) console.log('Others are using this machine: figures in µs, ns and ms are too high.');

const results: Result[] = [];
let broken = false;
for (const number of wanted) {
  const entry = GOALS.get(number);
  if (entry === undefined) continue;
  console.log(`\nGoal ${number}: ${entry.title}`);
  try {
    const found = await (await entry.load())(effort);
    results.push(...found);
    for (const result of found) console.log(lineOf(result));
  } catch (error) {
    broken = true;
    console.log(`  NOT RUN ${error instanceof Error ? error.message : String(error)}`);
  }
}

writeResults(results);
const judged = results.filter(({ met }) => met !== null);
const missed = judged.filter(({ met }) => met === false).length;
console.log(`\n${judged.length - missed} of ${judged.length} figures meet their goal, ${missed} miss it.`);
// A missed goal is a finding, not a failure of the bench; a goal that did not run is one.
process.exitCode = broken ? 1 : 0;

/** Goals that were not asked for keep the figures they had. */
function writeResults(fresh: readonly Result[]): void {
  const file = fileURLToPath(new URL('results.json', import.meta.url));
  const measured = new Set(fresh.map(({ goal }) => goal));
  const kept = readResults(file).filter(({ goal }) => !measured.has(goal));
  const all = [...kept, ...fresh].toSorted((a, b) => a.goal - b.goal);
  writeFileSync(file, `[\n${all.map((result) => `  ${JSON.stringify(result)}`).join(',\n')}\n]\n`);
}

function readResults(file: string): readonly Result[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
}
