import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ATTACKERS } from '../../src/lab/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Row {
  readonly what: string;
  readonly by: string;
  readonly where: string;
}

const rows = (): Row[] =>
  readFileSync(join(ROOT, 'docs', 'shown.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| [A-Z]/.test(line))
    .map((line) => {
      const [, what = '', by = '', where = ''] = line.split('|').map((cell) => cell.trim());
      return { what, by, where };
    });

const COMMANDS: readonly RegExp[] = [
  /^sallyport [a-z]+(?: --compare)?(?: (?:URL|FILE|ID|--json))?$/,
  /^sallyport --to URL$/,
  /^npm test -- (?<part>[a-z]+)$/,
  /^npm run (?<script>[a-z]+)(?: -- (?:--goal (?<goal>\d+)|(?<soak>[a-z]+)))?$/,
];

/** What is said of a command that is not so; '' where all is. test/repository/docs.test.ts looks up commands of Sallyport itself. */
function fault(command: string): string {
  const found = COMMANDS.map((pattern) => pattern.exec(command)).find((match) => match !== null);
  if (found === undefined) return `${command} is written as no command is`;
  const { part, script, goal, soak } = found.groups ?? {};
  const has = (file: string, text: string) => readFileSync(join(ROOT, file), 'utf8').includes(text);
  if (part !== undefined && !has('scripts/groups.mjs', `name: '${part}'`)) return `npm test has no part ${part}`;
  if (script !== undefined && !has('package.json', `"${script}": "node `)) return `there is no script ${script}`;
  if (soak !== undefined && !(script === 'soak' && has('scripts/soak.mjs', `what === '${soak}'`)))
    return `npm run ${script} has no ${soak}`;
  if (goal !== undefined && !has('bench/index.ts', `[${goal}, `)) return `the bench has no goal ${goal}`;
  return '';
}

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner);

test('every row of docs/shown.md is shown by a command that exists, or says that it is not built', () => {
  const all = rows();
  assert.ok(all.length > 20, `${all.length} rows`);
  for (const { what, by } of all) {
    const commands = quoted(by);
    assert.ok(commands.length > 0 || by.startsWith('not built'), what);
    assert.deepEqual(
      commands.map(fault).filter((text) => text !== ''),
      [],
      what,
    );
  }
});

test('attackers and files that docs/shown.md names exist', () => {
  const titles = ATTACKERS.map(({ title }) => title);
  const headings = ['still possible', 'What it costs who gets in', 'What each rule of use adds'];
  for (const { where } of rows()) {
    for (const [, named = ''] of where.matchAll(/\*([^*]+)\*/g))
      assert.ok(headings.includes(named) || titles.some((title) => title.startsWith(named)), named);
    for (const path of quoted(where).filter((text) => text.startsWith('test/')))
      assert.ok(existsSync(join(ROOT, path)), path);
  }
});

test('the check sees a command that there is not', () => {
  for (const command of [
    'npm test -- nothing',
    'npm run nothing',
    'npm run bench -- --goal 99',
    'npm run soak -- nothing',
    'curl it',
  ])
    assert.notEqual(fault(command), '', command);
  assert.equal(fault('npm test -- browser'), '');
});
