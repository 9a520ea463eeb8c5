import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGate } from '../../src/gateway/index.ts';
import { rawExchange, startBackend, statusOf } from './support.ts';

test('the whole gate: pages get the script, the API refuses who has not entered, files come from the folder', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-frontend-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><html><head><title>app</title></head></html>');
  writeFileSync(join(folder, 'app.js'), 'export {};');
  let reached = 0;
  const backend = await startBackend(context, (_request, response) => {
    reached += 1;
    response.end('from the backend');
  });
  const gate = await startGate({
    to: backend.url,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    frontend: folder,
    open: ['/api/hook'],
  });
  context.after(() => gate.close({ graceMs: 0 }));

  // fetch of Node writes Sec-Fetch-Mode itself, so the navigation is written by hand.
  const html = await rawExchange(
    context,
    gate,
    `GET /some/page HTTP/1.1\r\nHost: localhost:${gate.address.port}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Site: none\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(statusOf(html), 200);
  const script = /<script src="(\/_sallyport\/[^"]+)"/.exec(html)?.[1];
  assert.ok(script, html);
  assert.equal((await fetch(`${gate.url}${script}`)).status, 200);
  assert.match(html, /^set-cookie: __Host-sallyport-stamp=/im);
  assert.equal(await (await fetch(`${gate.url}/app.js`)).text(), 'export {};');
  assert.equal((await fetch(`${gate.url}/missing.js`)).status, 404);

  const refused = await fetch(`${gate.url}/api/x`);
  assert.equal(refused.status, 403);
  assert.equal(reached, 0);
  assert.equal(await (await fetch(`${gate.url}/api/hook`)).text(), 'from the backend');
});

test('P9.1 refusal, record and log speak of one id', async (context) => {
  const decided: string[] = [];
  const backend = await startBackend(context, (_request, response) => response.end());
  const gate = await startGate(
    { to: backend.url, listen: '127.0.0.1:0', mode: 'enforce' },
    { onDecision: (decision) => void decided.push(decision.id) },
  );
  context.after(() => gate.close({ graceMs: 0 }));
  const refused = await fetch(`${gate.url}/api/x`);
  const { id } = (await refused.json()) as { id: string };
  assert.equal(refused.headers.get('sallyport-decision'), id);
  const unreadable = await rawExchange(context, gate, 'hello\r\n\r\n');
  const other = /"id":"([\w-]{16})"/.exec(unreadable)?.[1];
  assert.deepEqual(decided, [id, other]);
});

test('a configuration that cannot be used is refused before anything listens', async () => {
  await assert.rejects(startGate({ to: 'not a url' }), { name: 'ConfigError' });
});
