import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backend, desk } from './support.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.js');

/** A Node of this machine that is too old to run the sources; '' where there is none. */
function olderNode(): string {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    if (!existsSync(path)) continue;
    const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout;
    if (/^v(?:20|22|23)\./.test(version)) return path;
  }
  return '';
}

const older = olderNode();
const skip = older === '' ? 'there is no older Node on this machine' : false;

test('an older Node hands over to the one that npm installed, with its exit code', { skip }, async (t) => {
  const { folder } = desk(t);
  const { status, stderr } = spawnSync(older, [BIN, '--to', 'nowhere'], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^sallyport: command line: --to is "nowhere"/);
});

test('an older Node passes signals on', { skip }, async (t) => {
  const { url } = await backend(t);
  const { folder, runtime } = desk(t);
  const child = spawn(older, [BIN, '--to', url, '--listen', '0', '--log', 'silent'], {
    cwd: folder,
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (out.includes('Ctrl-C')) child.kill('SIGTERM');
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
});

test('npx finds the command in the checkout without a build', () => {
  const linked = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'sallyport');
  const { status, stdout } = spawnSync(process.execPath, [linked, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /^Usage: sallyport --to URL/);
});
