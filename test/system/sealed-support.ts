import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeHandler } from '../../src/adapters/node.ts';
import { startGate } from '../../src/gateway/index.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Decision } from '../../src/guard/decision.ts';
import { createGuard, type GuardParts } from '../../src/index.ts';
import { kindOf } from '../../src/lab/answer.ts';
import { createSender, type RawAnswer, type Sender } from '../../src/lab/http.ts';
import { parseTarget } from '../../src/lab/target.ts';
import { createWireClient, type WireClient } from '../../src/lab/wire-client.ts';
import type { Call } from '../../src/lab/wire-proof.ts';
import type { SealOptions } from '../../src/lab/wire-sealed.ts';

/** An app whose calls are sealed, behind the gate or behind the middleware. */
export interface SealedApp {
  readonly url: string;
  /** What the app was asked: method and target. */
  readonly reached: string[];
  readonly decisions: Decision[];
  /** Settles when the client of `/api/endless` has left. */
  readonly left: Promise<string>;
  /** A program that has walked the doors. */
  enter(): Promise<Visitor>;
  close(): Promise<void>;
}

export interface Visitor {
  readonly client: WireClient;
  /** Sends as it is told. */
  readonly sender: Sender;
  /** A signed call that comes as it is. */
  open(call: Call): Promise<RawAnswer>;
  /** Sends a call sealed and answers what the page would see. */
  call(call: Call & { readonly at: string }, options?: SealOptions): Promise<RawAnswer>;
  close(): void;
}

export const CONFIG: Config = {
  mode: 'enforce',
  sealed: true,
  mint: { perPrefix: 1000, total: 1000 },
  routes: [
    { match: 'GET /api/open', level: 'site' },
    { match: 'POST /api/upload', sealed: false },
    { match: '/api/socket', carriers: ['socket'] },
    { match: '/api/**' },
  ],
};

/** Says what it was asked, in as many ways as backends answer. */
const answering =
  (reached: string[], left: (how: string) => void): RequestListener =>
  (request, response) => {
    reached.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url ?? '/', 'http://app');
    if (pathname === '/') return void response.setHeader('content-type', 'text/html').end('<html><head></head></html>');
    if (pathname === '/api/gone') return void response.writeHead(410, { 'x-own': 'gone' }).end('gone');
    if (pathname === '/api/nothing') return void response.writeHead(204, { 'set-cookie': ['a=1', 'b=2'] }).end();
    if (pathname === '/api/hinted') {
      response.writeEarlyHints({ link: '</api/secret>; rel=preload' });
      response.writeHead(200, { trailer: 'x-secret' }).write('hinted');
      response.addTrailers({ 'x-secret': '/api/secret' });
      return void response.end();
    }
    if (pathname === '/api/endless') {
      response.on('close', () => left('left'));
      return void response.write('more to come');
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('set-cookie', ['seen=1; Path=/', 'twice=2; Path=/']);
      response.write('{');
      const body = Buffer.concat(pieces).toString('latin1');
      response.end(
        `"usual":${Object.getPrototypeOf(request.headers) === Object.prototype},"url":${JSON.stringify(request.url)},"headers":${JSON.stringify(request.headers)},"body":${JSON.stringify(body.slice(0, 100))},"length":${body.length}}`,
      );
    });
  };

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const stop = (server: Server): Promise<void> => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
};

export async function behindGate(changes: Config = {}): Promise<SealedApp> {
  const reached: string[] = [];
  const decisions: Decision[] = [];
  const { promise: left, resolve } = Promise.withResolvers<string>();
  const backend = createServer(answering(reached, resolve));
  const to = await listen(backend);
  const config = { ...CONFIG, to, listen: '127.0.0.1:0', ...changes };
  const gate = await startGate(config, { onDecision: (decision) => void decisions.push(decision) });
  return {
    ...visited(gate.url),
    reached,
    decisions,
    left,
    async close() {
      await gate.close({ graceMs: 50 });
      await stop(backend);
    },
  };
}

export async function behindMiddleware(changes: Config = {}, parts: GuardParts = {}): Promise<SealedApp> {
  const reached: string[] = [];
  const decisions: Decision[] = [];
  const { promise: left, resolve } = Promise.withResolvers<string>();
  const app = answering(reached, resolve);
  let handler: RequestListener = () => {};
  const server = createServer((request, response) => handler(request, response));
  const url = await listen(server);
  const guard = await createGuard({ ...CONFIG, listen: new URL(url).host, ...changes }, parts);
  guard.onDecision((decision) => void decisions.push(decision));
  handler = createNodeHandler(guard, (request, response, _decision, view) => {
    if (view.path === '/') response.setHeader('set-cookie', guard.stampFor(view, 'no-cache') ?? '');
    app(request, response);
  });
  return {
    ...visited(url),
    reached,
    decisions,
    left,
    async close() {
      await stop(server);
      await guard.close();
    },
  };
}

function visited(url: string): Pick<SealedApp, 'url' | 'enter'> {
  return {
    url,
    async enter() {
      const target = parseTarget(`${url}/api/posts`);
      const sender: Sender = createSender(target);
      const client = createWireClient(target, '/', sender);
      const opening = await client.open();
      if (!opening.opened) throw new Error(opening.why);
      return {
        client,
        sender,
        open: (call) => sender.send(client.sign(call)),
        async call(call, options) {
          const sealed = client.seal(client.sign(call), options);
          return sealed.open(await sender.send(sealed.request));
        },
        close: () => sender.close(),
      };
    },
  };
}

/** Code of the gate's refusal, else the status that the app gave. */
export function says(answer: RawAnswer): string {
  const kind = kindOf(answer);
  return kind.by === 'gate' ? kind.code : String(answer.status);
}
