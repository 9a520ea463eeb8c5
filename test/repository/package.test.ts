import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = join(import.meta.dirname, '..', '..');
const SHIPPED = ['bin', 'src', 'docs', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'];

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

suite('the package as it is published', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-package-'));
  const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');

  before(() => {
    for (const name of SHIPPED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    const build = execute(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--out', join(folder, 'dist')]);
    assert.equal(build.status, 0, build.text);
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test('publint finds nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      [],
    );
  });

  test('are-the-types-wrong finds nothing wrong for ESM', () => {
    // Without scripts: the build is there, and `prepack` would make another one.
    const pack = execute('npm', ['pack', '--ignore-scripts', '--loglevel=error'], folder);
    assert.equal(pack.status, 0, pack.text);
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    const result = execute('attw', [archive, '--profile', 'esm-only', '--no-emoji', '--no-color'], folder);
    assert.equal(result.status, 0, result.text);
  });

  test('every subpath but the page’s can be imported from the build', () => {
    const script = subpaths
      .filter((subpath) => subpath !== './browser')
      .map((subpath) => `await import('sallyport${subpath.slice(1)}');`)
      .join('\n');
    const result = execute(process.execPath, ['--input-type=module', '-e', script], folder);
    assert.equal(result.status, 0, result.text);
  });

  test('no import in the build names a TypeScript file', () => {
    const dist = join(folder, 'dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    assert.ok(files.length > 20, 'the build has files');
    const wrong = files.filter((name) => /from '\.[^']*\.ts'/.test(readFileSync(join(dist, name), 'utf8')));
    assert.deepEqual(wrong, []);
  });

  test('the command starts from the build', () => {
    const result = execute(process.execPath, [join(folder, 'bin', 'sallyport.js'), '--help'], folder);
    assert.equal(result.status, 0, result.text);
    assert.match(result.text, /--to/);
  });
});

function execute(command: string, args: readonly string[], cwd = ROOT): { status: number | null; text: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const path = `${join(ROOT, 'node_modules', '.bin')}:${env['PATH'] ?? ''}`;
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...env, PATH: path } });
  return { status: result.status, text: `${result.stdout}${result.stderr}${result.error?.message ?? ''}` };
}
