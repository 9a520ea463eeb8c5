import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/guard/config.ts';
import { createSender, field, type RawAnswer } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';

const SECRET = 'a secret of at least thirty-two characters';
const PROGRAM = fileURLToPath(new URL('../gateway/programs/budget.ts', import.meta.url));

/** An API that costs a cent a call, and counts. */
export interface Paid {
  readonly url: string;
  calls: number;
  /** Called for each call, before it is answered. */
  onCall: () => Promise<void> | void;
}

export async function startPaid(context: TestContext): Promise<Paid> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    paid.calls += 1;
    void Promise.resolve(paid.onCall()).then(() => response.writeHead(200).end('{"said":"hello"}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // bound to TCP above
  const paid: Paid = { url: `http://127.0.0.1:${port}`, calls: 0, onCall: () => {} };
  return paid;
}

const PAGE = '<!doctype html><html><head><title>chat</title></head><body></body></html>';

export interface Process {
  readonly child: ChildProcess;
  readonly url: string;
}

export async function startProcess(context: TestContext, config: Config, kept: string): Promise<Process> {
  const child = spawn(
    process.execPath,
    ['--conditions=@sallyport/source', PROGRAM, JSON.stringify(config), kept, SECRET],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  context.after(() => child.kill('SIGKILL'));
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += String(text);
    const url = /^ready (\S+)$/m.exec(said)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the gate did not start: ${said}`);
}

export async function kill({ child }: Process): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export const configFor = (paid: Paid, budget: Config['budget'], listen = '127.0.0.1:0'): Config => ({
  to: paid.url,
  listen,
  mode: 'enforce',
  mint: { perPrefix: 100_000, total: 100_000 },
  trustedProxies: [],
  routes: [{ match: 'POST /api/chat', cost: '0.01 USD' }],
  ...(budget === undefined ? {} : { budget }),
});

export const OPEN = { share: 1, keep: 0, release: 'at-once' } as const;

/** A browser of its own that has come through both doors. */
export async function visitor(context: TestContext, url: string): Promise<WireClient> {
  const target = { ...parseTarget(url), path: '/api/chat', query: '' };
  const sender = createSender(target);
  context.after(() => sender.close());
  const client = createWireClient(target, '/', sender);
  const { opened, why } = await client.open();
  assert.ok(opened, why);
  return client;
}

/** So many visitors, a few at a time, so that none of their entries times out. */
export async function visitors(context: TestContext, urls: readonly string[], count: number): Promise<WireClient[]> {
  const all: WireClient[] = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(20, count - all.length) }, (_, at) =>
      visitor(context, urls[(all.length + at) % urls.length] ?? ''),
    );
    all.push(...(await Promise.all(batch)));
  }
  return all;
}

export const CHAT = {
  method: 'POST',
  body: Buffer.from('{"messages":[{"role":"user","content":"hello"}]}'),
  contentType: 'application/json',
};

export const call = (client: WireClient): Promise<RawAnswer> => client.call(CHAT);

export function assertRefused(answer: RawAnswer): void {
  assert.equal(answer.status, 429);
  assert.ok(Number(field(answer.fields, 'retry-after')) > 0);
  assert.equal(JSON.parse(Buffer.from(answer.body).toString()).code, 'budget');
}
