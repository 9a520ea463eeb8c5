import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Gate, startGate } from '../../src/gateway/index.ts';
import { describeBrowsers } from './browsers.ts';

// React comes with the example that is written in it; both halves of the app are bundled from one text.
const EXAMPLE = fileURLToPath(new URL('../../examples/posts/frontend/', import.meta.url));

/** A document rendered whole by the server, a part of which arrives later: what Next and Remix send. */
const APP = `
import { createElement as h, Suspense, use, useState } from 'react';
export function App({ slow }) {
  return h('html', { lang: 'en' },
    h('head', null, h('meta', { charSet: 'utf-8' }), h('title', null, 'Streamed')),
    h('body', null, h('h1', null, 'Streamed'), h(Suspense, { fallback: h('p', null, 'wait') }, h(Late, { slow })), h(Caller)));
}
function Late({ slow }) { return h('p', { id: 'late' }, use(slow)); }
function Caller() {
  const [answer, setAnswer] = useState('');
  const call = async () => { const r = await fetch('/api/hello', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }); setAnswer(r.status + ' ' + await r.text()); };
  return h('button', { onClick: call, 'data-answer': answer }, answer || 'call');
}
`;
const CLIENT = `
import { createElement as h } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { App } from 'app';
window.faults = [];
const note = (error) => window.faults.push(String(error));
hydrateRoot(document, h(App, { slow: Promise.resolve('late words') }), { onRecoverableError: note, onUncaughtError: note, onCaughtError: note });
window.hydrated = true;
`;
const SERVER = `
import { createElement as h } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { App } from 'app';
export function render(response) {
  const slow = new Promise((resolve) => setTimeout(() => resolve('late words'), 100));
  const { pipe } = renderToPipeableStream(h(App, { slow }), {
    bootstrapScripts: ['/client.js'],
    onShellReady() { response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }); pipe(response); },
  });
}
`;

async function bundle(contents: string, platform: 'browser' | 'node'): Promise<string> {
  const app = {
    name: 'app',
    setup(builder: import('esbuild').PluginBuild) {
      builder.onResolve({ filter: /^app$/ }, () => ({ path: 'app', namespace: 'app' }));
      builder.onLoad({ filter: /.*/, namespace: 'app' }, () => ({ contents: APP, resolveDir: EXAMPLE }));
    },
  };
  const made = await build({
    stdin: { contents, resolveDir: EXAMPLE },
    bundle: true,
    write: false,
    platform,
    format: platform === 'node' ? 'cjs' : 'iife',
    define: { 'process.env.NODE_ENV': '"development"' },
    plugins: [app],
  });
  return made.outputFiles[0]?.text ?? '';
}

describeBrowsers('a document that the server renders, streams and the page hydrates', (browser) => {
  let backend: Server;
  let gate: Gate;

  before(async () => {
    const client = await bundle(CLIENT, 'browser');
    const { render } = await loadServer(await bundle(SERVER, 'node'));
    backend = createServer((request, response) => {
      if (request.url === '/client.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(client);
      else if (request.url === '/api/hello') request.resume().on('end', () => response.end('hello'));
      else if (request.url === '/') render(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port } = backend.address() as AddressInfo;
    gate = await startGate({ to: `http://127.0.0.1:${port}`, listen: '127.0.0.1:0', mode: 'enforce' });
  });
  after(async () => {
    await gate?.close({ graceMs: 0 });
    await new Promise<void>((resolve) => backend.close(() => resolve()));
  });

  test('P1.1 React finds nothing amiss, the late part arrives, and the page’s calls pass', async () => {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(`${message.type()} ${message.text()}`));
    try {
      await page.goto(`http://localhost:${gate.address.port}/`);
      await page.waitForFunction(() => document.querySelector('#late')?.textContent === 'late words');
      await page.waitForFunction(() => Reflect.get(window, 'hydrated') === true);
      await page.click('button');
      await page.waitForFunction(() => document.querySelector('button')?.dataset['answer'] === '200 hello');
      assert.deepEqual(await page.evaluate(() => Reflect.get(window, 'faults')), []);
      assert.deepEqual(
        said.filter((line) => /^(?:error|warn).*(?:hydrat|mismatch|did not match)/i.test(line)),
        [],
      );
      assert.match(
        await page.evaluate(() => document.head.firstElementChild?.outerHTML ?? ''),
        /\/_sallyport\/s\.[0-9a-f]{16}\.js/,
      );
    } finally {
      await page.close();
    }
  });
});

/** Runs the bundled server half: CommonJS, because React's own server half is. */
async function loadServer(code: string): Promise<{ render(response: import('node:http').ServerResponse): void }> {
  const { createRequire } = await import('node:module');
  const module = { exports: {} as { render(response: import('node:http').ServerResponse): void } };
  new Function('module', 'exports', 'require', code)(module, module.exports, createRequire(import.meta.url));
  return module.exports;
}
