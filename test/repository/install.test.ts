import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

/** What `installPackages` of scripts/, which are plain JavaScript, returns for a folder, and what it and npm print. */
function install(folder: string): { todo: unknown; output: string } {
  const code = `import { installPackages } from './scripts/install.mjs';
    console.log('\\n' + JSON.stringify(installPackages(${JSON.stringify(folder)})));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { todo: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), output: stdout + stderr };
}

suite('packages of an app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-install-'));
  const lock = (version: string): string =>
    JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': {}, 'node_modules/part': { version } } });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test('are left alone where all are there', () => {
    mkdirSync(join(folder, 'node_modules', 'part'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', 'part', 'package.json'), '{"name":"part","version":"1.0.0"}');
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), lock('1.0.0'));
    writeFileSync(join(folder, 'package-lock.json'), lock('1.0.0'));
    const { todo, output } = install(folder);
    assert.equal(todo, '');
    assert.doesNotMatch(output, /npm ci/);
  });

  test('that cannot be installed are said so, and end nothing else', () => {
    // npm refuses: there is a lock file, and no package.json that it would fit.
    writeFileSync(join(folder, 'package-lock.json'), lock('2.0.0'));
    const { todo, output } = install(folder);
    assert.match(String(todo), /^npm ci in .+ failed; its message is above\.$/);
    assert.match(output, /Installing packages in .+ \(node_modules\/part 2\.0\.0 is missing\): npm ci/);
  });
});
