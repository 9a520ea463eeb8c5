import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { loadBundle } from '../../src/doors/bundle.ts';

/** Scripts of the gate's own pages: they give nothing to others. */
const PAGES = ['account-page', 'done', 'login'];

test('the checkout makes its script from source: one classic script, and a module for each part', async () => {
  const bundle = await loadBundle();
  assert.doesNotThrow(() => new Script(`(()=>{const __SALLYPORT__={};\n${bundle.script}\n})();`));
  assert.ok(bundle.script.includes('__SALLYPORT__'), 'it reads its configuration');
  assert.ok(Object.keys(bundle.chunks).length > 0);
  for (const [name, text] of Object.entries(bundle.chunks)) {
    if (!PAGES.includes(name)) assert.match(text, /export\{/, name);
  }
});

test('the page gets no server code', async () => {
  const { script, chunks } = await loadBundle();
  for (const text of [script, ...Object.values(chunks)]) {
    // Words of the parsers and messages that only the server needs.
    for (const word of ['malformed', 'sha-512', 'node:', 'begins with']) {
      assert.ok(!text.includes(word), word);
    }
  }
});

test('it is made once', () => assert.equal(loadBundle(), loadBundle()));
