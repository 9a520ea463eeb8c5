import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { vectors } from '../wire/vectors.ts';
import { describeBrowsers } from './browsers.ts';
import type { Ran } from './vectors-page.ts';

describeBrowsers('the vector file in the browser', (browser) => {
  let server: Server;
  let ran: readonly Ran[];

  before(async () => {
    const built = await build({
      entryPoints: [fileURLToPath(new URL('vectors-page.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      write: false,
      target: 'es2022',
      platform: 'browser',
    });
    server = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>vectors</title>'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const page = await browser.page();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.evaluate(built.outputFiles[0]?.text ?? '');
    ran = (await page.evaluate(`runVectors(${JSON.stringify(vectors)})`)) as Ran[];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [title, kind, count] of [
    [
      'R36 key schedules: the door derives the keys, and the proof key stays inside',
      'key schedule',
      vectors.keySchedule.length,
    ],
    ['R36 R41 proofs: base, fields and token are the file’s to the byte', 'proof', vectors.proofs.length],
    ['R36 R40 R45 requests: each gets its code', 'request', vectors.requests.length],
    ['R35 R39 fields: each is taken, none or malformed', 'fields', vectors.fields.length],
    ['R40 digests of whole bodies', 'digest "', vectors.digests.length],
    ['R40 digests of slices', 'slices', vectors.slices.length],
    ['R40 digest fields: each is taken or refused', 'digest field', vectors.digestFields.length],
  ] as const) {
    test(title, () => {
      const cases = ran.filter(({ name }) => name.startsWith(kind));
      assert.equal(cases.length, count);
      assert.ok(count > 0);
      for (const { name, expected, got } of cases) assert.deepEqual(got, expected, name);
    });
  }
});
