import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, before, beforeEach, test } from 'node:test';
import { build } from 'esbuild';
import type { Page } from 'puppeteer-core';
import { describeBrowsers } from './browsers.ts';
import { type Site, startSite } from './site.ts';
import { until } from './until.ts';

const APP = `
  import { install, refusalOf, signUrl, SallyportError, REFUSAL_EVENT } from 'sallyport/browser';
  Object.assign(self, { install, refusalOf, signUrl, SallyportError, REFUSAL_EVENT });
`;

/** A frontend of its own origin, which bundles `sallyport/browser`. */
async function startFrontend(): Promise<Server> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const built = await build({
    stdin: { contents: APP, resolveDir: root, loader: 'ts' },
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: '/out',
    write: false,
    target: 'es2022',
    conditions: ['@sallyport/source'],
  });
  const files = new Map(built.outputFiles.map(({ path, text }) => [path.replace(/^.*\/out/, ''), text]));
  const server = createServer((request, response) => {
    const text = files.get(request.url ?? '');
    response.setHeader('content-type', text === undefined ? 'text/html' : 'text/javascript');
    response.end(text ?? '<!doctype html><script type="module" src="/stdin.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describeBrowsers('a bundled frontend of another origin', (browser) => {
  let frontend: Server;
  let site: Site;
  let page: Page;
  let home = '';

  before(async () => {
    frontend = await startFrontend();
    home = `http://127.0.0.1:${(frontend.address() as AddressInfo).port}`;
    site = await startSite({
      config: {
        clients: { default: { origins: ['self', home], stamp: 'waive' } },
        routes: [{ match: 'GET /api/file', sync: ['url'] }, { match: '/api/**' }],
      },
    });
    page = await browser.page();
  });
  after(async () => {
    await site.close();
    frontend.closeAllConnections();
    await new Promise((resolve) => frontend.close(resolve));
  });
  beforeEach(async () => {
    site.clear();
    await page.goto(home);
    await page.waitForFunction('self.install');
  });

  test('P9.4 before it is installed a call is refused, in words that the app can show', async () => {
    const answer = await page.evaluate(`(async () => {
      const refusal = await refusalOf(await fetch('${site.url}/api/echo', { headers: { 'x-requested-with': 'app' } }));
      return [refusal instanceof SallyportError, refusal.name, refusal.code, refusal.retryable, refusal.message, refusal.detail, refusal.id.length > 8, await refusalOf(new Response('fine'))];
    })()`);
    const detail = 'This address answers only to its own frontend.';
    assert.deepEqual(answer, [true, 'SallyportError', 'entry-required', true, detail, detail, true, null]);
  });

  test('installed with patterns, it signs at once across origins', async () => {
    const answer = await page.evaluate(`(async () => {
      install({ gate: '${site.url}', protect: ['/api/**'] });
      const posted = await (await fetch('${site.url}/api/echo', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })).json();
      const xhr = await new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = () => done(xhr.status); xhr.open('GET', '${site.url}/api/echo'); xhr.send(); });
      return [posted.text, xhr, (await fetch('/own')).status];
    })()`);
    assert.deepEqual(answer, ['{"a":1}', 200, 200]);
  });

  test('installed without patterns, it asks the gate for them; twice is once', async () => {
    const answer = await page.evaluate(`(async () => {
      await install({ gate: '${site.url}' });
      await install({ gate: '${site.url}' });
      return (await fetch('${site.url}/api/echo')).status;
    })()`);
    assert.equal(answer, 200);
    assert.equal(
      site.decisions.filter(({ path, method }) => path === '/_sallyport/enter' && method === 'POST').length,
      1,
    );
  });

  test('a gate that is no origin is named', async () => {
    const message = await page.evaluate(
      `install({ gate: 'https://api.example/path' }).catch((fault) => fault.name + ' ' + fault.message)`,
    );
    assert.match(String(message), /^TypeError gate "https:\/\/api\.example\/path"/);
  });

  test('P7.1 a signed address opens where no header can be set', async () => {
    await page.evaluate(`(async () => {
      await install({ gate: '${site.url}' });
      // No header but Origin, which the browser sets for a readable image.
      const load = (src) => Object.assign(new Image(), { crossOrigin: 'anonymous', src });
      load('${site.url}/api/file?say=bare');
      load(await signUrl('${site.url}/api/file?say=content'));
    })()`);
    const made = () => site.decisions.filter(({ path }) => path === '/api/file');
    await until(() => made().length === 2 && site.received.length > 0);
    assert.deepEqual(
      made()
        .map(({ code, outcome }) => code || outcome)
        .sort(),
      ['admit', 'entry-required'],
    );
    assert.deepEqual(
      site.received.map(({ url }) => url),
      ['/api/file?say=content'],
    );
  });
});
