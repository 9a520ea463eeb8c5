import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callAdmin } from '../../src/gateway/admin-client.ts';
import { socketPath } from '../../src/gateway/runtime-folder.ts';
import { createSender, type RawAnswer, type RawRequest } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';

const PROGRAM = fileURLToPath(new URL('./programs/fleet.ts', import.meta.url));

/** A gate of several workers in a process of its own. */
export interface Fleet {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly runtime: string;
  readonly child: ChildProcess;
  /** Lines of the log so far. */
  lines(): readonly Record<string, unknown>[];
  admin(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: unknown }>;
  /** A page's client with connections of its own. */
  client(path?: string): Promise<WireClient>;
  /** One request on a fresh connection: whichever worker that comes to. */
  send(request: RawRequest): Promise<RawAnswer>;
  readonly ended: Promise<unknown>;
}

export interface FleetOptions {
  readonly workers?: number;
  /** Whether the system shares a port. Default true. */
  readonly shares?: boolean;
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Text of a configuration file. */
  readonly config?: string;
}

export async function startFleetOf(context: TestContext, to: string, options: FleetOptions = {}): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-fleet-'));
  const runtime = mkdtempSync(join(tmpdir(), 'sallyport-run-'));
  const { workers = 2, shares = true, config, flags = {} } = options;
  const file = join(folder, 'sallyport.config.ts');
  if (config !== undefined) writeFileSync(file, config);
  const given = {
    to,
    listen: '127.0.0.1:0',
    mode: 'enforce',
    ...(config === undefined ? {} : { config: file }),
    ...flags,
  };
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', PROGRAM, String(workers), shares ? 'yes' : 'no', JSON.stringify(given)],
    { cwd: folder, env: { ...process.env, XDG_RUNTIME_DIR: runtime }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log += text.toString();
  });
  const ended = once(child, 'exit');
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
    rmSync(runtime, { recursive: true });
  });
  const url = await readyUrl(child, () => log);
  const port = Number(new URL(url).port);
  return {
    url,
    port,
    folder,
    runtime,
    child,
    lines: () =>
      log
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
    admin: (method, path, body) =>
      callAdmin({ port, path: socketPath(join(runtime, 'sallyport'), port) }, method, path, body),
    async client(path = '/api/posts') {
      const target = parseTarget(`${url}${path}`);
      const sender = createSender(target);
      context.after(() => sender.close());
      const client = createWireClient(target, '/', sender);
      const { opened, why } = await client.open();
      if (!opened) throw new Error(`no session: ${why}`);
      return client;
    },
    async send(request) {
      const sender = createSender(parseTarget(`${url}/api/posts`));
      const answer = await sender.send(request);
      sender.close();
      return answer;
    },
    ended,
  };
}

async function readyUrl(child: ChildProcess, log: () => string): Promise<string> {
  let said = '';
  // Left open: a process that takes this one's place says the same.
  for await (const text of child.stdout?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
    said += String(text);
    const url = /^ready (\S+)$/m.exec(said)?.[1];
    if (url !== undefined) {
      child.stdout?.resume();
      return url;
    }
  }
  throw new Error(`the gate did not start: ${said} ${log()}`);
}

export interface CountingApi {
  readonly url: string;
  /** Calls of the API that got through. */
  calls: number;
}

/** An app with a page and an API, which counts. */
export async function startApi(context: TestContext, answer?: RequestListener): Promise<CountingApi> {
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/api/')) {
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end(PAGE);
      return;
    }
    api.calls += 1;
    if (answer !== undefined) return void answer(request, response);
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // bound to TCP above
  const api: CountingApi = { url: `http://127.0.0.1:${port}`, calls: 0 };
  return api;
}

const PAGE = '<!doctype html><html><head><title>app</title></head><body></body></html>';

export const codeOf = ({ status, body, failed }: RawAnswer): string => {
  if (failed !== '') return failed;
  return status === 200 ? 'admit' : String(JSON.parse(Buffer.from(body).toString('utf8')).code);
};

/** Waits until a condition holds; fails after half a minute, or after so many milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, atMost = 30_000): Promise<void> {
  const end = performance.now() + atMost;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
