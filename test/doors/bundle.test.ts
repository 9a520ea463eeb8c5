import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { buildBundle, loadBundle } from '../../src/doors/bundle.ts';

/** Scripts of the gate's own pages: they give nothing to others. */
const PAGES = ['account-page', 'done', 'login'];

test('the checkout makes its script from source: one classic script, and a module for each part', async () => {
  const bundle = await buildBundle();
  assert.doesNotThrow(() => new Script(`(()=>{const __SALLYPORT__={};\n${bundle.script}\n})();`));
  assert.ok(bundle.script.includes('__SALLYPORT__'), 'it reads its configuration');
  assert.ok(Object.keys(bundle.chunks).length > 0);
  for (const [name, text] of Object.entries(bundle.chunks)) {
    if (!PAGES.includes(name)) assert.match(text, /export\{/, name);
  }
});

test('the page gets no server code', async () => {
  const { script, chunks } = await buildBundle();
  for (const text of [script, ...Object.values(chunks)]) {
    // Words of the parsers and messages that only the server needs.
    for (const word of ['malformed', 'sha-512', 'node:', 'begins with']) {
      assert.ok(!text.includes(word), word);
    }
  }
});

test('it is made once', () => assert.equal(loadBundle(), loadBundle()));

test('a run of many processes reads what was built once for all', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-page-'));
  const { SALLYPORT_PAGE_BUNDLE: before } = process.env;
  t.after(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env['SALLYPORT_PAGE_BUNDLE'];
    else process.env['SALLYPORT_PAGE_BUNDLE'] = before;
  });
  const parts = { script: 'the script', worker: 'the worker', 'a-chunk': 'a chunk' };
  for (const [name, text] of Object.entries(parts)) writeFileSync(join(folder, `${name}.js`), text);
  process.env['SALLYPORT_PAGE_BUNDLE'] = folder;
  // As another process would: a module that nobody has asked yet.
  const url = new URL('../../src/doors/bundle.ts?of=another.ts', import.meta.url);
  const another: { loadBundle: typeof loadBundle } = await import(url.href);
  assert.deepEqual(await another.loadBundle(), {
    script: 'the script',
    worker: 'the worker',
    chunks: { 'a-chunk': 'a chunk' },
  });
});
