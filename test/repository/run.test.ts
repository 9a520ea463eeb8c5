import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { after, before, suite, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs a script against the modules of scripts/, which are plain JavaScript; returns what it prints as JSON. */
function evaluate(code: string): unknown {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--input-type=module', '-e', code];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

suite('the test run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `import { test } from 'node:test';\n${text}`);
    return JSON.stringify(join(folder, name));
  };
  const outcome = (file: string): unknown =>
    evaluate(`import { nodeTest } from './scripts/node-test.mjs';
      const { ok, why } = await nodeTest([${file}], { concurrency: 1, timeout: 20000 });
      console.log(JSON.stringify({ ok, why }));`);

  before(() => writeFileSync(join(folder, 'package.json'), '{"type":"module"}'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('passes where a test passed', () => {
    assert.deepEqual(outcome(write('pass.test.ts', "test('a', () => {});")), { ok: true, why: '' });
  });

  test('fails where a test failed', () => {
    const file = write('fail.test.ts', "test('a', () => {});\ntest('b', () => { throw new Error('no'); });");
    assert.deepEqual(outcome(file), { ok: false, why: '1 failed' });
  });

  test('fails where every test was skipped', () => {
    assert.deepEqual(outcome(write('skip.test.ts', "test('a', { skip: true }, () => {});")), {
      ok: false,
      why: 'no test ran',
    });
  });

  test('fails where there is no file to run', () => {
    assert.deepEqual(outcome(''), { ok: false, why: 'no test file' });
  });

  test('every test file but the soak’s belongs to exactly one group', () => {
    const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !name.startsWith(`soak${sep}`))
      .map((name) => `test/${name.split(sep).join('/')}`);
    const grouped = evaluate(`import { filesOf, groups } from './scripts/groups.mjs';
      console.log(JSON.stringify(groups.flatMap((group) => filesOf(group))));`);
    assert.ok(Array.isArray(grouped));
    assert.deepEqual(grouped.toSorted(), all.toSorted());
  });

  test('names the command that installs browsers, by the platform’s package manager', () => {
    const command = evaluate(`import { installCommand } from './scripts/browsers.mjs';
      const manager = { name: 'apt-get', install: ['install', '-y'], firefox: 'firefox-esr' };
      console.log(JSON.stringify(installCommand(manager, ['chromium', 'firefox'])));`);
    assert.deepEqual(command, ['apt-get', 'install', '-y', 'chromium', 'firefox-esr']);
  });
});
