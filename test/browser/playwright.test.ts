import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { type Browser, type BrowserContext, chromium, request as playwrightRequest } from 'playwright-core';
import { startGate } from '../../src/gateway/index.ts';
import { findChromium } from '../../src/lab/browser.ts';
import { addPass, createTestKey, passFixtures } from '../../src/testing.ts';
import { listening } from '../keys/support.ts';

const PAGE = `<!doctype html><html><head><title>app</title></head><body><p id="out"></p><script>
fetch('/api/posts').then((answer) => answer.text()).then((text) => { document.getElementById('out').textContent = text; });
</script></body></html>`;
const WORKERS = 4;
/** Of whom each makes a few contexts one after another: together six times what an address may. */
const ROUNDS = 3;
const PER_ADDRESS = 2;

test('P4.4 Playwright’s workers share one address past every limit, call the API without a page, and give the pass to nobody else', {
  skip: findChromium() === null && 'no Chromium on this system',
}, async (t) => {
  const key = createTestKey();
  const toBackend: string[] = [];
  const app = createServer((request, response) => {
    toBackend.push(String(request.headers['sallyport-test-pass'] ?? ''));
    const api = request.url?.startsWith('/api/') === true;
    response.writeHead(200, { 'content-type': api ? 'application/json' : 'text/html', 'cache-control': 'no-store' });
    response.end(api ? '{"ok":true}' : PAGE);
  });
  const gate = await startGate({
    to: await listening(app),
    listen: '127.0.0.1:0',
    mode: 'enforce',
    mint: { perPrefix: PER_ADDRESS, total: 1000 },
    testPasses: { publicKey: key.publicKey },
  });
  const baseURL = `http://127.0.0.1:${gate.address.port}`;
  const browser: Browser = await chromium.launch({
    executablePath: findChromium() ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  t.after(async () => {
    await browser.close();
    await gate.close({ graceMs: 0 });
    app.close();
    app.closeAllConnections();
  });

  const visit = async (context: BrowserContext): Promise<string> => {
    const page = await context.newPage();
    await page.goto(baseURL);
    await page.waitForFunction(() => document.getElementById('out')?.textContent !== '');
    return (await page.textContent('#out')) ?? '';
  };
  const worker = async (): Promise<string[]> => {
    const shown: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const context = await browser.newContext();
      await addPass(context, baseURL, { key: key.privateKey });
      shown.push(await visit(context));
      await context.close();
    }
    return shown;
  };
  const shown = (await Promise.all(Array.from({ length: WORKERS }, worker))).flat();
  assert.deepEqual(shown, Array(WORKERS * ROUNDS).fill('{"ok":true}'));
  assert.ok(toBackend.every((pass) => pass === ''));

  const { context: contextFixture, request: requestFixture } = passFixtures({ key: key.privateKey });
  const own = await browser.newContext();
  await contextFixture({ context: own, baseURL }, async (context) => {
    assert.equal(await visit(context), '{"ok":true}');
  });
  await own.close();
  await requestFixture({ playwright: { request: playwrightRequest }, baseURL }, async (request) => {
    assert.equal((await request.get('/api/posts')).status(), 200);
  });
  const without = await playwrightRequest.newContext({ baseURL });
  assert.equal((await without.get('/api/posts')).status(), 403);
  await without.dispose();
  await assert.rejects(addPass(own, undefined, { key: key.privateKey }), /origins/);
});
