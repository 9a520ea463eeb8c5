import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Ended, but nobody has asked for its exit code: containers often have no init that would.
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
  } catch {
    return false;
  }
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

  test('ends what does not end in time, and whatever a test left behind', {
    skip: process.platform === 'win32',
  }, () => {
    const started = join(folder, 'pid');
    const file = write(
      'leaves.test.ts',
      `import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      test('a', () => {
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
        writeFileSync(${JSON.stringify(started)}, String(child.pid));
      });`,
    );
    const ended = evaluate(`import { run } from './scripts/command.mjs';
      const { code } = await run(process.execPath, ['--test', ${file}], { timeout: 3000 });
      console.log(JSON.stringify(code));`);
    assert.equal(ended, 1, 'the file is held open by the process it left behind');
    assert.equal(isRunning(Number(readFileSync(started, 'utf8'))), false);
  });

  test('every test file but the soak’s belongs to exactly one group', () => {
    const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !/^(?:soak|apps)[\\/]/.test(name))
      .map((name) => `test/${name.split(sep).join('/')}`);
    const grouped = evaluate(`import { filesOf, groups } from './scripts/groups.mjs';
      console.log(JSON.stringify(groups.flatMap((group) => filesOf(group))));`);
    assert.ok(Array.isArray(grouped));
    assert.deepEqual(grouped.toSorted(), all.toSorted());
  });

  test('installs missing programs where it may, else names the command', { skip: process.platform === 'win32' }, () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // Stands in for the package manager: "installs" what it is asked for.
    const manager = `#!/bin/sh\n[ "$1" = install ] && : > ${bin}/chromium && : > ${bin}/firefox-esr\nexit 0\n`;
    writeFileSync(join(bin, 'apt-get'), manager, { mode: 0o755 });
    const printed = evaluate(`import { ensurePrograms, findProgram } from './scripts/programs.mjs';
      Object.assign(process.env, { PATH: ${JSON.stringify(bin)}, SALLYPORT_CHROMIUM: '', SALLYPORT_FIREFOX: '' });
      const todo = ensurePrograms(['chromium', 'firefox']);
      console.log(JSON.stringify({ todo, found: [findProgram('chromium'), findProgram('firefox')] }));`);
    const install = 'apt-get install -y --no-install-recommends chromium firefox-esr';
    const told = { todo: `The tests need chromium and firefox: sudo ${install}`, found: ['', ''] };
    const done = { todo: '', found: [join(bin, 'chromium'), join(bin, 'firefox-esr')] };
    assert.deepEqual(printed, process.getuid?.() === 0 ? done : told);
  });

  test('a program without the modules that tests need does not count, and where there is no package it says so', {
    skip: process.platform === 'win32',
  }, () => {
    const bin = join(folder, 'without');
    mkdirSync(bin);
    for (const [name, code] of [
      ['python3', 1],
      ['ruby', 1],
      ['apk', 0],
    ] as const)
      writeFileSync(join(bin, name), `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 });
    const printed = evaluate(`import { ensurePrograms, findProgram } from './scripts/programs.mjs';
      Object.assign(process.env, { PATH: ${JSON.stringify(bin)}, SALLYPORT_FASTAPI: '', SALLYPORT_RAILS: '' });
      const found = ['python3', 'fastapi', 'rails'].map((kind) => findProgram(kind));
      console.log(JSON.stringify({ found, todo: ensurePrograms(['rails']) }));`);
    const todo = 'apk has no package of rails: gem install railties puma';
    assert.deepEqual(printed, { found: [join(bin, 'python3'), '', ''], todo });
  });
});
