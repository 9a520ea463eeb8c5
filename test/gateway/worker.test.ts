import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createPages } from '../../src/gateway/page.ts';
import { createWorkerFront } from '../../src/gateway/worker.ts';
import { viewOf } from '../support/view.ts';
import { decisionOf, HASH, pageGuard } from './stubs.ts';

const SCRIPT = { url: '/_sallyport/s.js', text: '(()=>{})()' };
const TEXT = `${SCRIPT.text}\n;`;
const IMPORT = `import "${SCRIPT.url}";\n`;
const MARK = '\u0001';

const ROWS: readonly { name: string; script: string; front: string }[] = [
  { name: 'a classic worker', script: `${MARK}onmessage = () => {};`, front: TEXT },
  {
    name: 'a strict worker stays strict',
    script: `${MARK}'use strict'; onmessage = 1;`,
    front: `"use strict";${TEXT}`,
  },
  { name: 'a module that imports', script: `${MARK}import { a } from './a.js';`, front: IMPORT },
  { name: 'a minified module', script: `${MARK}import{a as b}from"./a.js";`, front: IMPORT },
  { name: 'a module that imports for effect', script: `${MARK}import"./a.js";`, front: IMPORT },
  { name: 'a module that exports', script: `${MARK}export {};`, front: IMPORT },
  { name: 'a dynamic import is no sign of a module', script: `${MARK}import('./a.js').then(run);`, front: TEXT },
  { name: 'import.meta stands in the body of a module', script: `${MARK}import.meta.url;`, front: TEXT },
  { name: 'importScripts is classic', script: `${MARK}importScripts('./a.js');`, front: TEXT },
  {
    name: 'comments before the first token',
    script: `/*! licence */ // one\n${MARK}import a from 'a';`,
    front: IMPORT,
  },
  { name: 'a hashbang', script: `#!/usr/bin/env x\n${MARK}var a;`, front: TEXT },
  { name: 'a script of one character', script: `${MARK};`, front: TEXT },
];
for (const { name, script, front } of ROWS) {
  test(`in front of a worker: ${name}`, () => {
    const given = Buffer.from(script.replace(MARK, ''));
    for (const size of [1, 7, given.length]) {
      const pieces = createWorkerFront(SCRIPT);
      const out: Buffer[] = [];
      for (let at = 0; at < given.length; at += size) out.push(...pieces.write(given.subarray(at, at + size)));
      out.push(...pieces.end());
      assert.equal(Buffer.concat(out).toString(), script.replace(MARK, front), `pieces of ${size}`);
    }
  });
}

test('a comment without end, or longer than any licence, holds nothing back for ever', () => {
  const pieces = createWorkerFront(SCRIPT);
  const long = Buffer.from(`/*${'x'.repeat(70 * 1024)}`);
  assert.equal(Buffer.concat(pieces.write(long)).toString(), TEXT + long.toString());
});

function workerView(destination: string, mode = 'same-origin') {
  return viewOf({ target: '/worker.js', headers: { 'sec-fetch-dest': destination, 'sec-fetch-mode': mode } });
}

for (const destination of ['worker', 'sharedworker', 'serviceworker']) {
  test(`a ${destination} gets the script in front, in its own coding`, async () => {
    const guard = pageGuard();
    const view = workerView(destination);
    const fields = [
      'Content-Type',
      'text/javascript',
      'Content-Encoding',
      'gzip',
      'ETag',
      '"w"',
      'Content-Length',
      '3',
    ];
    const rewrite = createPages(guard).rewrite(view, decisionOf(guard, view), 200, fields);
    const transform = rewrite?.transform();
    assert.ok(transform);
    transform.end(gzipSync('onfetch = null;'));
    assert.equal(gunzipSync(await buffer(transform)).toString(), `${guard.workerScript?.text}\n;onfetch = null;`);
    assert.deepEqual(rewrite?.fields.slice(4), ['ETag', `W/"w.${HASH}s"`, 'Vary', 'Sec-Fetch-Dest']);
  });
}

test('what a worker imports, and what is no script, is left alone', () => {
  const guard = pageGuard();
  const pages = createPages(guard);
  const imported = workerView('worker', 'cors');
  assert.equal(pages.rewrite(imported, decisionOf(guard, imported), 200, ['Content-Type', 'text/javascript']), null);
  const view = workerView('worker');
  assert.equal(pages.rewrite(view, decisionOf(guard, view), 200, ['Content-Type', 'application/wasm']), null);
  assert.equal(pages.rewrite(view, decisionOf(guard, view), 404, ['Content-Type', 'text/plain']), null);
});
