import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { startGateWith } from '../../src/gateway/gate.ts';
import type { Gate, GateParts } from '../../src/gateway/gate.ts';
import { compilePolicy } from '../../src/guard/compile.ts';
import type { Config } from '../../src/guard/config.ts';
import type { Answer, Decision, StreamDigest } from '../../src/guard/decision.ts';
import type { Guard, ResponseFacts } from '../../src/guard/guard.ts';
import { problemAnswer } from '../../src/guard/problem.ts';
import type { RequestView } from '../../src/guard/view.ts';
import { decisionOf } from './stubs.ts';

/** What a test may make the stub guard say about a request. */
export interface StubSays {
  decide?: (view: RequestView) => Partial<Decision> | Promise<Partial<Decision>>;
  settle?: (view: RequestView, facts: ResponseFacts) => void | Promise<void>;
  serve?: (view: RequestView) => Promise<Answer>;
}

/** A guard that admits everything but what the test says: the gate is what these tests are about. */
export function stubGuard(config: Config, says: StubSays = {}): Guard {
  let policy = compilePolicy(config);
  const listeners: ((decision: Decision, view: RequestView) => void)[] = [];
  const finished = (view: RequestView, part: Partial<Decision>): Decision => {
    const decision = decisionOf({ policy }, view, { ...origin(view), ...part });
    for (const listener of listeners) listener(decision, view);
    return decision;
  };
  return {
    get policy() {
      return policy;
    },
    decide(view) {
      const part = says.decide?.(view) ?? {};
      return part instanceof Promise ? part.then((found) => finished(view, found)) : finished(view, part);
    },
    owns: (view) => view.path.startsWith(`${policy.mount}/`),
    serve: says.serve ?? (async () => ({ status: 200, fields: ['Content-Type', 'text/plain'], body: 'own' })),
    refusalAnswer: (_view, decision) => problemAnswer(decision, policy.mount, Date.now()),
    settle: (view, _decision, facts) => says.settle?.(view, facts),
    stampFor: () => null,
    scriptTag: () => '',
    scriptHash: '0'.repeat(16),
    reload(next) {
      policy = compilePolicy(next);
    },
    onDecision(listener) {
      listeners.push(listener);
    },
    close: async () => {},
  };
}

/** Where a request came from, as the address layer would say it where no proxy is listed. */
const origin = ({ peer, secure, authority }: RequestView): Partial<Decision> => ({
  id: 'decision-id-0001',
  prefix: peer,
  address: peer,
  secure,
  authority,
});

export interface GateOptions {
  says?: StubSays;
  parts?: Partial<GateParts>;
}

/** A gate on a free port in front of `to`, closed with the test. */
export async function startTestGate(context: TestContext, config: Config, options: GateOptions = {}): Promise<Gate> {
  const gate = await startGateWith(
    { listen: '127.0.0.1:0', mode: 'enforce', ...config },
    { createGuard: (full) => stubGuard(full, options.says), ...options.parts },
  );
  context.after(() => gate.close({ graceMs: 0 }));
  return gate;
}

/** A real backend on a free port, closed with the test. */
export async function startBackend(context: TestContext, listener: RequestListener): Promise<Backend> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // bound to TCP above
  return { server, port, url: `http://127.0.0.1:${port}` };
}

export interface Backend {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
}

/** Opens a connection to a gate. Whatever it says is collected as latin1. */
export function openRaw(context: TestContext, gate: Gate): Raw {
  const socket = connect(gate.address.port, '127.0.0.1');
  context.after(() => socket.destroy());
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return {
    socket,
    closed,
    get text() {
      return text;
    },
    async until(wanted: RegExp) {
      while (!wanted.test(text)) {
        if (socket.destroyed) throw new Error(`the connection closed before ${String(wanted)}; it said: ${text}`);
        await new Promise<void>((resolve) => {
          socket.once('data', () => resolve());
          socket.once('close', () => resolve());
        });
      }
      return text;
    },
  };
}

export interface Raw {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly text: string;
  until(wanted: RegExp): Promise<string>;
}

/** Sends bytes on a fresh connection and returns everything the gate says until it closes. */
export async function rawExchange(context: TestContext, gate: Gate, bytes: string): Promise<string> {
  const raw = openRaw(context, gate);
  raw.socket.write(bytes, 'latin1');
  await raw.closed;
  return raw.text;
}

export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

export const wholeDigest = (body: Uint8Array): StreamDigest => ({
  kind: 'whole',
  sha256: createHash('sha256').update(body).digest(),
});

/** Waits for a condition, not for a time; a wait in vain ends with an error. */
export async function until(condition: () => boolean): Promise<void> {
  // How long a machine may take that does much else; what is waited for ends it sooner.
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
