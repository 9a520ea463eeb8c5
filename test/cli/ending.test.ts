import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startGate } from '../../src/gateway/index.ts';
import { findChromium } from '../../src/lab/browser.ts';
import { startBackend } from '../lab/backend.ts';
import { desk, until } from './support.ts';

/** Browsers below a process: ids of what it has started that is called so. */
function browsersOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      const [, name = '', above = ''] = /^\d+ \((.*)\) \S (\d+)/s.exec(statOf(id)) ?? [];
      return name.startsWith('chrom') && Number(above) === parent;
    })
    .map(Number);
}

function statOf(id: number | string): string {
  try {
    return readFileSync(`/proc/${id}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** A zombie is gone: only its number is left. */
const isThere = (id: number): boolean => !/^$|^\d+ \(.*\) Z/s.test(statOf(id));

test('an attack that is told to end in the midst of a browser’s row ends at once, and its browser with it', {
  skip: (findChromium() === null || process.platform !== 'linux') && 'no Chromium, or no /proc to look into',
}, async (t) => {
  const backend = await startBackend();
  const gate = await startGate({ to: backend.url, listen: '127.0.0.1:0', mode: 'enforce' });
  t.after(async () => {
    await gate.close({ graceMs: 100 });
    await backend.close();
  });
  const { child } = desk(t).start('attack', `http://127.0.0.1:${gate.address.port}/api/posts`, '--calls', '4');
  const ended = once(child, 'exit');
  const { pid = 0 } = child;
  let browsers: number[] = [];
  await until(() => {
    browsers = browsersOf(pid);
    return browsers.length > 0;
  }, 'a browser');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [143, null]);
  await until(() => !browsers.some(isThere), 'no browser is left');
});
