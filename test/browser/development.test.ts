import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ViteDevServer } from 'vite';
import type { Config } from '../../src/guard/config.ts';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { describeBrowsers } from './browsers.ts';
import { until } from './until.ts';

// A browser takes only names of loopback for secure on plain HTTP: this one it does not.
const LAN_HOST = 'phone.test';

const PAGE = '<!doctype html><title>dev</title><output>…</output><script type="module" src="/main.js"></script>';
const main = (version: number): string => `
import { show } from './show.js';
const answer = await fetch('/api/hello', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } });
show(answer.status + ' ${version} ' + (await answer.text()));
`;
const SHOW = `
const version = 1;
export function show(text) { document.querySelector('output').textContent = text + ' v' + version; window.last = text; }
if (import.meta.hot) import.meta.hot.accept((next) => next && next.show(window.last));
`;

describeBrowsers(
  'development',
  (browser) => {
    let backend: Server;
    let vite: ViteDevServer;
    let folder: string;
    const seen: string[] = [];

    before(async () => {
      backend = createServer((request, response) => {
        seen.push(`${request.method} ${request.url}`);
        request.resume().on('end', () => response.end('hello'));
      });
      await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
      const { port } = backend.address() as AddressInfo;
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-vite-')));
      writeFileSync(join(folder, 'index.html'), PAGE);
      writeFileSync(join(folder, 'main.js'), main(1));
      writeFileSync(join(folder, 'show.js'), SHOW);
      // The example that builds with Vite has it installed; this test takes the same one.
      const { createServer: createVite } = await import(
        createRequire(import.meta.resolve('../../examples/posts/package.json')).resolve('vite')
      );
      vite = await createVite({
        root: folder,
        logLevel: 'silent',
        server: { port: 0, host: '127.0.0.1', allowedHosts: [LAN_HOST], proxy: { '/api': `http://127.0.0.1:${port}` } },
      });
      await vite.listen();
    });
    after(async () => {
      await vite?.close();
      await new Promise<void>((resolve) => backend.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    });

    async function through<T>(config: Config, use: (gate: Gate) => Promise<T>): Promise<T> {
      const address = vite.httpServer?.address();
      assert.ok(typeof address === 'object' && address !== null);
      const gate = await startGate({ to: `http://127.0.0.1:${address.port}`, listen: '127.0.0.1:0', ...config });
      try {
        return await use(gate);
      } finally {
        await gate.close({ graceMs: 0 });
      }
    }

    test('P4.1 Vite with its proxy works with no configuration, and its HMR socket is untouched', async () => {
      await through({ mode: 'enforce' }, async (gate) => {
        const page = await browser.newPage();
        const origin = `http://localhost:${gate.address.port}`;
        try {
          await page.goto(origin);
          await page.waitForFunction(() => document.querySelector('output')?.textContent === '200 1 hello v1');
          writeFileSync(join(folder, 'show.js'), SHOW.replace('version = 1', 'version = 2'));
          await page.waitForFunction(() => document.querySelector('output')?.textContent === '200 1 hello v2');
          assert.ok(seen.includes('POST /api/hello'));
          const bare = await fetch(`${origin}/api/hello`, { method: 'POST', body: 'x' });
          assert.equal(bare.status, 403);
        } finally {
          writeFileSync(join(folder, 'show.js'), SHOW);
          await page.close();
        }
      });
    });

    test('P4.2 a page in an insecure context works in report mode and is recorded as insecure-context', async () => {
      const codes: string[] = [];
      await through({ insecureHttp: true, hosts: [], mode: 'report' }, async (gate) => {
        gate.guard.onDecision((decision) => codes.push(...decision.trail.map((step) => step.code)));
        const page = await browser.newPage();
        try {
          await page.goto(`http://${LAN_HOST}:${gate.address.port}/`);
          await page.waitForFunction(() => document.querySelector('output')?.textContent?.startsWith('200'));
          assert.equal(await page.evaluate(() => self.isSecureContext), false);
          await until(() => codes.includes('insecure-context'));
        } finally {
          await page.close();
        }
      });
    });

    test('P4.2 in enforce mode the call is refused with the code and the fix in its message', async () => {
      await through({ mode: 'enforce' }, async (gate) => {
        const port = gate.address.port;
        gate.reload({ ...gate.config, hosts: [`${LAN_HOST}:${port}`] });
        const page = await browser.newPage();
        try {
          await page.goto(`http://${LAN_HOST}:${port}/`);
          await page.waitForFunction(() => document.querySelector('output')?.textContent?.startsWith('403'));
          const text = (await page.evaluate(() => document.querySelector('output')?.textContent)) ?? '';
          assert.match(text, /insecure-context/);
          assert.match(text, /HTTPS or on localhost/);
        } finally {
          await page.close();
        }
      });
    });
  },
  { loopbackHosts: [LAN_HOST] },
);
