// `npm test`: everything. `npm test -- types unit`: only these parts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.mjs';
import { filesOf, groups } from './groups.mjs';
import { installPackages, root } from './install.mjs';
import { writePageBundle } from './page-bundle.mjs';
import { emptyCounts, nodeTest } from './node-test.mjs';
import { ensurePrograms, findProgram } from './programs.mjs';
import { tsconfigs } from './tsconfigs.mjs';

const steps = [
  { name: 'format', run: () => command('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'types', run: checkTypes },
  ...groups.map((group) => ({ name: group.name, run: () => testGroup(group) })),
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(2);
}

await makeOnce();
const results = [];
for (const step of steps) {
  if (asked.length > 0 && !asked.includes(step.name)) continue;
  console.log(`\n── ${step.name} ──`);
  const start = performance.now();
  const result = await step.run();
  results.push({ name: step.name, seconds: (performance.now() - start) / 1000, ...result });
}
summarise(results);
process.exit(results.every((result) => result.ok) ? 0 : 1);

/** What each of many hundred processes would otherwise make for itself: compiled modules, and the page's script. */
async function makeOnce() {
  process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules', '.cache', 'sallyport');
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-page-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await writePageBundle(folder);
  process.env['SALLYPORT_PAGE_BUNDLE'] = folder;
}

async function command(name, args) {
  const { code } = await run(name, args, { timeout: 300_000 });
  return { ok: code === 0, why: code === 0 ? '' : `${name} found errors`, counts: emptyCounts() };
}

async function checkTypes() {
  const failed = [];
  for (const project of tsconfigs()) {
    console.log(`tsc -p ${project}`);
    if (!(await command('tsc', ['-p', project])).ok) failed.push(project);
  }
  return { ok: failed.length === 0, why: failed.join(', '), counts: emptyCounts() };
}

async function testGroup(group) {
  const programs = group.programs ?? [];
  const todo = ensurePrograms(programs);
  if (todo !== '') {
    console.error(todo);
    return { ok: false, why: `${programs.join(', ')} needed`, counts: emptyCounts() };
  }
  for (const folder of group.apps ?? []) {
    const why = installPackages(join(root, folder));
    if (why !== '') return { ok: false, why, counts: emptyCounts() };
  }
  for (const kind of programs) {
    process.env[`SALLYPORT_${kind.toUpperCase()}`] = findProgram(kind);
    console.log(`${kind}: ${findProgram(kind)}`);
  }
  return nodeTest(filesOf(group), group);
}

function summarise(all) {
  console.log('\n── summary ──');
  for (const { name, ok, why, seconds, counts } of all) {
    const ran = counts.tests > 0 ? `${counts.pass} of ${counts.tests} tests passed` : '';
    console.log(
      `${ok ? '✔' : '✖'} ${name.padEnd(11)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${ran} ${why}`.trimEnd(),
    );
  }
  for (const name of Object.keys(emptyCounts())) {
    console.log(`ℹ ${name} ${all.reduce((sum, { counts }) => sum + counts[name], 0)}`);
  }
}
