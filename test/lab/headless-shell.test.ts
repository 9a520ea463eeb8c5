import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findHeadlessShell } from '../../src/lab/headless-shell.ts';
import { NotRun } from '../../src/lab/not-run.ts';

test('the headless shell is found where tools put it, the newest first; else the row says how to get it', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-home-'));
  t.after(() => rmSync(home, { recursive: true }));
  const put = (path: string): string => {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    return file;
  };
  const absent = { SALLYPORT_HEADLESS_SHELL: join(home, 'absent') };
  assert.throws(
    () => findHeadlessShell(absent, home),
    (error) => error instanceof NotRun && /npx playwright-core install chromium-headless-shell/.test(error.message),
  );
  put('.cache/ms-playwright/chromium_headless_shell-1100/chrome-linux/headless_shell');
  const newer = put('.cache/ms-playwright/chromium_headless_shell-1200/chrome-linux/headless_shell');
  assert.equal(findHeadlessShell({}, home), newer);
  const cache = join(home, 'elsewhere');
  const own = put('elsewhere/chrome-headless-shell/linux-150.0.1/chrome-headless-shell-linux64/chrome-headless-shell');
  const environment = { PUPPETEER_CACHE_DIR: cache, PLAYWRIGHT_BROWSERS_PATH: join(home, 'none') };
  assert.equal(findHeadlessShell(environment, join(home, 'nobody')), own);
  assert.equal(findHeadlessShell({ SALLYPORT_HEADLESS_SHELL: own }, home), own, 'a name comes before all');
});
