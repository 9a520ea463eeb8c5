import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { GateReport } from '../../src/cli/banner.ts';
import { runInProcess } from './in-process.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.js');

/** A machine without any browser that the lab could drive. */
export const NO_BROWSER = { CHROME_PATH: '/nowhere', SALLYPORT_HEADLESS_SHELL: '/nowhere' };

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A working directory and a runtime folder of its own: the tests' gates do not see anybody else's. */
export interface Desk {
  readonly folder: string;
  readonly runtime: string;
  /** Runs a command to its end: in this process, but for a gate and an attack, which measures its own. */
  run(...args: string[]): Promise<Ended>;
  /** Runs it as people do, in a process of its own. */
  runApart(...args: string[]): Promise<Ended>;
  /** Runs a command that prints JSON. */
  json(...args: string[]): Promise<{ code: number | null; value: unknown }>;
  /** Starts a gate and waits for what it says of itself. */
  gate(...args: string[]): Promise<RunningCommand>;
  /** Starts a command without waiting for anything; ended with the test. */
  start(...args: string[]): { readonly child: ChildProcess; out(): string };
  write(name: string, text: string): string;
}

export interface RunningCommand {
  readonly report: GateReport;
  readonly child: ChildProcess;
  /** Standard error so far. */
  err(): string;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<number | null>;
}

export function desk(t: TestContext, environment: Record<string, string> = {}): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
  const runtime = mkdtempSync(join(tmpdir(), 'sallyport-run-'));
  const started: (() => Promise<unknown>)[] = [];
  const own = { NO_COLOR: '1', XDG_RUNTIME_DIR: runtime, ...environment };
  const env = { ...process.env, ...own };
  t.after(async () => {
    for (const end of started) await end();
    rmSync(folder, { recursive: true });
    rmSync(runtime, { recursive: true });
  });
  const launch = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const runApart = async (...args: string[]): Promise<Ended> => {
    const child = launch(args);
    const [out, err] = [collect(child, 'stdout'), collect(child, 'stderr')];
    const [code] = await once(child, 'close');
    return { code, out: out(), err: err() };
  };
  const run = (...args: string[]): Promise<Ended> => {
    const [word = '-'] = args;
    if (word.startsWith('-') || word === 'attack') return runApart(...args);
    return runInProcess(args, { folder, environment: own });
  };
  return {
    folder,
    runtime,
    run,
    runApart,
    async json(...args) {
      const { code, out } = await run(...args, '--json');
      return { code, value: JSON.parse(out) };
    },
    async gate(...args) {
      const child = launch([...args, '--json']);
      const [out, err] = [collect(child, 'stdout'), collect(child, 'stderr')];
      // Not `close`: a process that takes over holds the same pipes.
      const ended = once(child, 'exit');
      const report = await firstDocument(child, out, err);
      const command: RunningCommand = {
        report,
        child,
        err,
        async stop() {
          child.kill('SIGTERM');
          const [code] = await ended;
          return code;
        },
      };
      started.push(command.stop);
      return command;
    },
    start(...args) {
      const child = launch(args);
      const out = collect(child, 'stdout');
      const ended = once(child, 'exit');
      started.push(async () => {
        child.kill('SIGTERM');
        await ended;
      });
      return { child, out };
    },
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[stream]?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

/** The report that a gate prints once it is up. Rejects when it ends instead. */
function firstDocument(child: ChildProcess, out: () => string, err: () => string): Promise<GateReport> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (out().trimEnd().endsWith('\n}')) resolve(JSON.parse(out()));
    };
    child.stdout?.on('data', look);
    child.once('close', () => reject(new Error(`the gate ended: ${err()}`)));
  });
}

/** A backend with a page that calls an API, and one image behind it. */
export interface Backend {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

export interface BackendOptions {
  /** What the page's script does. Default: one GET of `/api/posts`. */
  readonly script?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers instead, where it returns true. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function backend(t: TestContext, options: BackendOptions = {}): Promise<Backend> {
  const { script = "fetch('/api/posts').then((r) => r.json())", headers = {}, answer } = options;
  const requests: IncomingMessage[] = [];
  const handle: RequestListener = (request, response) => {
    requests.push(request);
    if (answer?.(request, response)) return;
    const path = request.url ?? '';
    if (path.startsWith('/app.js')) response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else if (path.endsWith('/image')) response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(SVG);
    else if (path.startsWith('/api/'))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    else response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store', ...headers }).end(PAGE);
  };
  const server = await listening(createServer(handle));
  t.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${portOf(server)}`, requests };
}

export async function listening(server: Server, host = '127.0.0.1'): Promise<Server> {
  server.listen(0, host);
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port; // null only for pipes and before listening
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';
const PAGE = '<!doctype html><html><head><title>page</title></head><body><script src="/app.js"></script></body></html>';

/** Waits until a condition holds; fails after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Value at a path of an unknown JSON document: `at(value, 'findings', 0, 'check')`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let found: unknown = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}
