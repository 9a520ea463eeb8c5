import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGate } from '../../src/gateway/index.ts';
import { kindOf } from '../../src/lab/answer.ts';
import { findChromium, startChromium } from '../../src/lab/browser.ts';
import { createSender, field, type RawRequest } from '../../src/lab/http.ts';
import { runLab } from '../../src/lab/index.ts';
import { recordRequests } from '../../src/lab/page-headers.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { startBackend } from './backend.ts';

/** Lets a real page call, and takes the request down as DevTools' "Copy as cURL" does: cookies and proof included. */
async function copyAsCurl(page: string, path: string): Promise<RawRequest> {
  const chromium = await startChromium();
  try {
    const tab = await chromium.page();
    await tab.goto(page, { waitUntil: 'load' });
    const recorder = await recordRequests(tab);
    assert.equal(await tab.evaluate(`fetch('${path}').then((answer) => answer.status)`), 200);
    const fields = await recorder.fieldsOf(new URL(path, page).href);
    assert.ok(fields !== null, 'the browser told what it sent');
    return { method: 'GET', target: path, fields, body: null };
  } finally {
    await chromium.close();
  }
}

for (const replay of ['enforce', 'report'] as const) {
  const skip = findChromium() === null && 'no Chromium on this system';
  test(`P1.5 a request copied from a browser gets what the lab says a replay gets (replay layer: ${replay})`, {
    skip,
  }, async () => {
    const backend = await startBackend();
    const gate = await startGate({ to: backend.url, listen: '127.0.0.1:0', mode: 'enforce', layers: { replay } });
    const url = `http://127.0.0.1:${gate.address.port}`;
    const sender = createSender(parseTarget(url));
    try {
      const copied = await copyAsCurl(`${url}/`, '/api/posts');
      assert.match(field(copied.fields, 'signature'), /^sallyport=:/);
      assert.notEqual(field(copied.fields, 'cookie'), '');
      const before = backend.reached();
      const kind = kindOf(await sender.send(copied));
      const admitted = backend.reached() - before;

      const report = await runLab(`${url}/api/posts`, { calls: 2, later: 0.1, chromium: null });
      const claims = report.rungs.filter((rung) => ['replay', 'replay-later'].includes(rung.name));
      assert.equal(claims.length, 2);
      for (const claim of claims) {
        assert.equal(admitted / 1, claim.admitted / claim.tried, `${claim.name}: ${claim.admitted} of ${claim.tried}`);
        assert.equal(claim.verdict, kind.by === 'backend' ? 'gets in' : 'stopped');
      }
      assert.equal(kind.by === 'gate' ? kind.code : kind.by, replay === 'enforce' ? 'replayed' : 'backend');
    } finally {
      sender.close();
      await gate.close({ graceMs: 100 });
      await backend.close();
    }
  });
}
