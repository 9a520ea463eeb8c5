import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HTTPRequest, Page } from 'puppeteer-core';
import { createNodeHandler } from '../adapters/node.ts';
import type { Config } from '../guard/config.ts';
import { createGuard } from '../index.ts';
import { type Chromium, startChromium } from './browser.ts';
import { type Step, toDo } from './by-hand.ts';

/** What sealed calls (docs/sealed.md) are worth against whoever wants to know an app's endpoints. */
export interface SeenReport {
  /** Of the browser that was used. */
  readonly version: string;
  /** Calls that the app makes while it is used: each a method, a path and a body of its own, or none. */
  readonly calls: number;
  /** Paths among them. */
  readonly paths: number;
  readonly ways: readonly SeenRow[];
}

/** One way of finding out, as a script does it from beginning to end. */
export interface SeenRow {
  readonly name: string;
  /** What is done, in order: by hand it is the same. */
  readonly steps: readonly Step[];
  readonly open: Seen;
  readonly sealed: Seen;
}

export interface Seen {
  /** How many of the calls are known whole: method, path and body. */
  readonly calls: number;
  /** How many paths are known, with or without the rest. */
  readonly paths: number;
  /** From the first step to the last, on the clock. */
  readonly seconds: number;
}

/** A call as somebody came to know it; '' for what they did not. */
interface Known {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const CALLS: readonly Known[] = [
  { method: 'GET', path: '/api/posts', body: '' },
  { method: 'POST', path: '/api/posts', body: '{"title":"one"}' },
  { method: 'PUT', path: '/api/posts/7', body: '{"title":"two"}' },
  { method: 'DELETE', path: '/api/posts/7', body: '' },
  { method: 'GET', path: '/api/people/3/orders', body: '' },
  { method: 'POST', path: '/api/orders', body: '{"post":7}' },
];
const PATHS = new Set(CALLS.map(({ path }) => path));

/** The app: a script that keeps its paths as apps do, and makes its calls when it is used. */
const APP = `window.use = async () => { for (const [method, path, body] of ${JSON.stringify(
  CALLS.map(({ method, path, body }) => [method, path, body]),
)}) await fetch(path, { method, ...(body && { body, headers: { 'content-type': 'application/json' } }) }).catch(() => {}); };`;
const USE = 'window.use()';

interface Way extends Pick<SeenRow, 'name' | 'steps'> {
  find(page: Page, origin: string): Promise<readonly Known[]>;
}

const knownOf = (request: HTTPRequest): Known => ({
  method: request.method(),
  path: new URL(request.url()).pathname,
  body: request.postData() ?? '',
});

const OPEN = toDo('open the page');
const USE_APP = toDo('use the app');
const EXPORT = toDo('export what the network tab shows');

const WAYS: readonly Way[] = [
  {
    name: 'reads the network tab',
    steps: [toDo('open the page with the network tab'), USE_APP, EXPORT],
    async find(page, origin) {
      const seen: Known[] = [];
      page.on('request', (request) => seen.push(knownOf(request)));
      await page.goto(origin);
      await page.evaluate(USE);
      return seen;
    },
  },
  {
    name: 'searches the app’s own scripts',
    steps: [toDo('load the scripts that the page names'), toDo('search them for paths')],
    async find(_page, origin) {
      const html = await (await fetch(origin)).text();
      const scripts = [...html.matchAll(/src="(\/[^"]+\.js)"/g)].map(([, path = '']) => path);
      const texts = await Promise.all(scripts.map(async (path) => (await fetch(origin + path)).text()));
      return [...texts.join('\n').matchAll(/["'`](\/api\/[^"'`]*)/g)].map(([, path = '']) => ({
        method: '',
        path,
        body: '',
      }));
    },
  },
  {
    name: 'wraps fetch in the console',
    steps: [OPEN, toDo('paste a wrapper of fetch into the console'), USE_APP],
    async find(page, origin) {
      await page.goto(origin);
      await page.evaluate(WRAP);
      await page.evaluate(USE);
      // SAFETY: what the wrapper has written down.
      return (await page.evaluate('window.seen')) as readonly Known[];
    },
  },
  {
    name: 'blocks the second door, and reads the network tab',
    steps: [toDo('block requests to /enter in the network tab'), OPEN, USE_APP, EXPORT],
    async find(page, origin) {
      const seen: Known[] = [];
      await page.setRequestInterception(true);
      page.on('request', (request) => {
        if (request.url().endsWith('/enter')) return void request.abort();
        seen.push(knownOf(request));
        return void request.continue();
      });
      await page.goto(origin);
      await page.evaluate(USE);
      return seen;
    },
  },
];

/** Runs in the page: notes each call before anything that is wrapped already sees it. */
const WRAP = `(() => { const native = window.fetch; window.seen = [];
  window.fetch = (path, init = {}) => { window.seen.push({ method: init.method ?? 'GET', path, body: init.body ?? '' }); return native(path, init); }; })()`;

/**
 * Starts an app of its own on loopback, once as it is and once with sealed calls. `path` is a Chromium's, default the system's. Throws
 * NotRun without one.
 */
export async function measureSeen(path?: string): Promise<SeenReport> {
  const chromium = await startChromium(path === undefined ? {} : { path });
  try {
    const open = await lookAll(chromium, {});
    const sealed = await lookAll(chromium, { sealed: true });
    const none: Seen = { calls: 0, paths: 0, seconds: 0 };
    const ways = WAYS.map(({ name, steps }, at) => ({
      name,
      steps,
      open: open[at] ?? none,
      sealed: sealed[at] ?? none,
    }));
    return { version: chromium.version, calls: CALLS.length, paths: PATHS.size, ways };
  } finally {
    await chromium.close();
  }
}

async function lookAll(chromium: Chromium, config: Config): Promise<Seen[]> {
  const app = await openApp(config);
  const found: Seen[] = [];
  try {
    for (const way of WAYS) found.push(await look(chromium, way, app.origin));
  } finally {
    await app.close();
  }
  return found;
}

async function look(chromium: Chromium, { find }: Way, origin: string): Promise<Seen> {
  const page = await chromium.page();
  const began = performance.now();
  try {
    const known = await find(page, origin);
    const seconds = (performance.now() - began) / 1000;
    const paths = new Set(known.map(({ path }) => path).filter((path) => PATHS.has(path)));
    const calls = CALLS.filter((call) =>
      known.some(({ method, path, body }) => method === call.method && path === call.path && body === call.body),
    );
    return { calls: calls.length, paths: paths.size, seconds };
  } finally {
    await page.browserContext().close();
  }
}

async function openApp(config: Config): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // SAFETY: a server on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const guard = await createGuard({ mode: 'enforce', ...config, listen: `127.0.0.1:${port}` });
  const answer = (request: IncomingMessage, response: ServerResponse, stamp: string | null): void => {
    request.resume();
    const [type, body] = contentOf(request.url ?? '', guard.scriptTag(''));
    if (stamp !== null) response.setHeader('set-cookie', stamp);
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  };
  server.on(
    'request',
    createNodeHandler(guard, (request, response, _decision, view) =>
      answer(request, response, request.url === '/' ? guard.stampFor(view, 'no-store') : null),
    ),
  );
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await guard.close();
    },
  };
}

function contentOf(path: string, scriptTag: string): [type: string, body: string] {
  if (path === '/app.js') return ['text/javascript', APP];
  if (path !== '/') return ['application/json', '[]'];
  return [
    'text/html',
    `<!doctype html><html><head>${scriptTag}<script src="/app.js"></script></head><body>An app</body></html>`,
  ];
}
