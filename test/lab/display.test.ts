import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hasDisplay, openDisplay } from '../../src/lab/display.ts';

/** A folder with an `Xvfb` that is this script. */
function folderWith(context: TestContext, script: string): { readonly folder: string; readonly PATH: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-display-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'Xvfb');
  writeFileSync(file, `#!${process.execPath}\n${script}`);
  chmodSync(file, 0o755);
  return { folder, PATH: `${folder}:${dirname(process.execPath)}` };
}

const linux = { skip: process.platform !== 'linux' && 'other systems always have a display' };

test('a display that is there is used, and nothing is started', linux, async () => {
  assert.equal(hasDisplay({}), false);
  const { kind, environment } = await openDisplay({ DISPLAY: ':7', PATH: '/nowhere' });
  assert.deepEqual({ kind, environment }, { kind: 'seen', environment: {} });
  assert.equal((await openDisplay({ WAYLAND_DISPLAY: 'wayland-0', PATH: '/nowhere' })).kind, 'seen');
});

test('without one an Xvfb of this run draws, on the number that it took, and ends with it', linux, async (t) => {
  const { folder, PATH } = folderWith(
    t,
    `const fs = require('node:fs');
fs.writeFileSync(__dirname + '/arguments', process.argv.slice(2).join(' '));
process.on('SIGTERM', () => { fs.writeFileSync(__dirname + '/ended', ''); process.exit(); });
setInterval(() => {}, 1000);
fs.writeSync(3, '42\\n');`,
  );
  const { kind, environment, close } = await openDisplay({ PATH });
  assert.deepEqual({ kind, environment }, { kind: 'virtual', environment: { DISPLAY: ':42' } });
  assert.ok(existsSync(join(folder, 'arguments')));
  close();
  while (!existsSync(join(folder, 'ended'))) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('where Xvfb is not installed, or does not start, windows are drawn nowhere', linux, async (t) => {
  assert.equal((await openDisplay({ PATH: '/nowhere' })).kind, 'none');
  assert.equal((await openDisplay({ PATH: folderWith(t, 'process.exit(1);').PATH })).kind, 'none');
});
